-- Every commit of resources is one row here; the primary key is what lets one of two concurrent commits win.
CREATE TABLE resource_version (
  version    bigint PRIMARY KEY CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  author     text NOT NULL
);

-- A resource as it was from version `since` on, until version `until` replaced or removed it. Rows are never deleted:
-- the set at version V is what has since <= V and until > V or none.
CREATE TABLE resource (
  kind       text NOT NULL CHECK (kind <> ''),
  name       text NOT NULL CHECK (name <> ''),
  since      bigint NOT NULL REFERENCES resource_version,
  until      bigint REFERENCES resource_version CHECK (until > since),
  document   text NOT NULL CHECK (document <> ''),
  labels     jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name, since)
);

CREATE UNIQUE INDEX resource_current ON resource (kind, name) WHERE until IS NULL;
