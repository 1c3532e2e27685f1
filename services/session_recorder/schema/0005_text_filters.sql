-- Which sessions may have a text (audit/text_filter.h). A filter is keyed with its session's data key: it shows no text, and
-- goes with the session's partition.
CREATE TABLE text_filters (
  day        date NOT NULL,
  session_id uuid NOT NULL,
  filter     bytea NOT NULL,
  PRIMARY KEY (day, session_id)
) PARTITION BY RANGE (day);
ALTER TABLE text_filters ALTER COLUMN filter SET STORAGE EXTERNAL;
CREATE TABLE text_filters_default PARTITION OF text_filters DEFAULT;

-- The last session that was given one: the checkpoint that covered its end, and its position.
CREATE TABLE text_filter_progress (
  one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  number   bigint NOT NULL,
  position bigint NOT NULL
);
INSERT INTO text_filter_progress (number, position) VALUES (0, 0);
