-- Access keys, without the keys: what is stored of one is an HMAC under a secret that is not in this database.

CREATE TABLE access_key (
  id text PRIMARY KEY CHECK (id <> ''),
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  identity text NOT NULL CHECK (identity <> ''),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz CHECK (expires_at > created_at),
  revoked_at timestamptz
);
CREATE INDEX access_key_by_age ON access_key (created_at, id);

-- A key is made once and revoked at most once: nothing brings a revoked key back, not even by deleting its row.
CREATE FUNCTION access_key_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'access keys are revoked, not deleted' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
     OR (NEW.id, NEW.hash, NEW.identity, NEW.created_by, NEW.created_at) IS DISTINCT FROM
        (OLD.id, OLD.hash, OLD.identity, OLD.created_by, OLD.created_at)
     OR NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN
    RAISE EXCEPTION 'an access key can only be revoked, once' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER access_key_guard BEFORE UPDATE OR DELETE ON access_key
  FOR EACH ROW EXECUTE FUNCTION access_key_guard();
