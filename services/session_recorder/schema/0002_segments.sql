-- What one commit adds to a session is one row, not one per event: its events one after another, as store/segment.h writes
-- them. Events are read and exported as before.
CREATE TABLE segments (
  day        date NOT NULL,
  session_id uuid NOT NULL,
  first_idx  integer NOT NULL CHECK (first_idx > 0),
  last_idx   integer NOT NULL CHECK (last_idx >= first_idx),
  events     bytea NOT NULL,
  PRIMARY KEY (day, session_id, first_idx)
) PARTITION BY RANGE (day);
ALTER TABLE segments ALTER COLUMN events SET STORAGE EXTERNAL;
-- Up to a page stays in the row: a second table and its index cost more than the page.
CREATE TABLE segments_default PARTITION OF segments DEFAULT WITH (toast_tuple_target = 8160);
DO $$
DECLARE
  d date;
BEGIN
  FOR d IN SELECT DISTINCT day FROM events LOOP
    EXECUTE format('CREATE TABLE segments_%s PARTITION OF segments FOR VALUES FROM (%L) TO (%L) '
                   'WITH (toast_tuple_target = 8160)', to_char(d, 'YYYYMMDD'), d, d + 1);
  END LOOP;
END $$;
INSERT INTO segments (day, session_id, first_idx, last_idx, events)
  SELECT day, session_id, idx, idx,
         int4send(octet_length(type)) || convert_to(type, 'UTF8') || int8send(at_ns) ||
         int4send(length(sealed)) || sealed || hash
  FROM events;
DROP TABLE events;

-- Sessions that run, and those whose end no checkpoint covers yet. Nothing that changes in `sessions` is indexed there any
-- more, so that its updates touch no index.
CREATE TABLE open_sessions (
  session_id   uuid PRIMARY KEY,
  node         text NOT NULL,
  kill_ordered boolean NOT NULL DEFAULT false
);
INSERT INTO open_sessions SELECT id, node, kill_ordered FROM sessions WHERE NOT covered;
DROP INDEX sessions_running;
DROP INDEX sessions_uncovered;
ALTER TABLE sessions DROP CONSTRAINT sessions_position_key;
ALTER TABLE sessions DROP COLUMN covered;

-- Checkpoints and their heads are written in one transaction; a check of every head would look up the same row each time.
ALTER TABLE checkpoint_heads DROP CONSTRAINT checkpoint_heads_number_fkey;
