-- An access key belongs to one Identity, not to whoever has that name later: the version of the resources in which the
-- Identity was created. 0: to the name alone.
ALTER TABLE access_key ADD COLUMN identity_version bigint NOT NULL DEFAULT 0 CHECK (identity_version >= 0);
CREATE OR REPLACE FUNCTION access_key_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'access keys are revoked, not deleted' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
     OR (NEW.id, NEW.hash, NEW.identity, NEW.identity_version, NEW.created_by, NEW.created_at) IS DISTINCT FROM
        (OLD.id, OLD.hash, OLD.identity, OLD.identity_version, OLD.created_by, OLD.created_at)
     OR NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN
    RAISE EXCEPTION 'an access key can only be revoked, once' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
