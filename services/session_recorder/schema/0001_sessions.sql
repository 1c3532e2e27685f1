-- Times are nanoseconds since 1970, because the chain hashes them; sealed payloads do not compress.
CREATE TABLE sessions (
  id            uuid PRIMARY KEY,
  day           date NOT NULL,
  request_id    text NOT NULL,
  identity      text NOT NULL,
  issuer        text NOT NULL,
  subject       text NOT NULL,
  connection    text NOT NULL,
  model         text NOT NULL,
  operation     text NOT NULL,
  stream        boolean NOT NULL,
  policy        text NOT NULL,
  review_id     text NOT NULL,
  approvers     text NOT NULL,
  outcome       text NOT NULL,
  code          text NOT NULL,
  input_tokens  bigint NOT NULL,
  output_tokens bigint NOT NULL,
  masked        text NOT NULL,
  started_ns    bigint NOT NULL,
  ended_ns      bigint,
  head_index    integer NOT NULL CHECK (head_index > 0),
  head          bytea NOT NULL CHECK (length(head) = 32),
  epoch         bigint NOT NULL,
  node          text NOT NULL,
  kill_ordered  boolean NOT NULL DEFAULT false,
  key_id        text NOT NULL,
  wrapped_key   bytea NOT NULL,
  position      bigint UNIQUE,
  covered       boolean NOT NULL DEFAULT false,
  CHECK ((outcome = '') = (ended_ns IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX sessions_by_start ON sessions (started_ns, id);
CREATE INDEX sessions_by_identity ON sessions (identity, started_ns);
CREATE INDEX sessions_by_connection ON sessions (connection, started_ns);
CREATE INDEX sessions_running ON sessions (node) WHERE ended_ns IS NULL;
CREATE INDEX sessions_uncovered ON sessions (id) WHERE NOT covered;

CREATE TABLE events (
  day        date NOT NULL,
  session_id uuid NOT NULL,
  idx        integer NOT NULL CHECK (idx > 0),
  type       text NOT NULL,
  at_ns      bigint NOT NULL,
  sealed     bytea NOT NULL,
  hash       bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (day, session_id, idx)
) PARTITION BY RANGE (day);
ALTER TABLE events ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE TABLE events_default PARTITION OF events DEFAULT;

CREATE TABLE recorders (
  node           text PRIMARY KEY,
  alive_until_ns bigint NOT NULL
);

CREATE TABLE checkpoints (
  number     bigint PRIMARY KEY CHECK (number > 0),
  at_ns      bigint NOT NULL,
  size       bigint NOT NULL,
  root       bytea NOT NULL CHECK (length(root) = 32),
  previous   bytea NOT NULL CHECK (length(previous) = 32),
  public_key bytea NOT NULL,
  signature  bytea NOT NULL
);
CREATE TABLE checkpoint_heads (
  number     bigint NOT NULL REFERENCES checkpoints,
  position   bigint NOT NULL,
  session_id uuid NOT NULL,
  idx        integer NOT NULL,
  head       bytea NOT NULL,
  ended      boolean NOT NULL,
  PRIMARY KEY (number, position)
);
CREATE INDEX checkpoint_heads_latest ON checkpoint_heads (position, number DESC);
