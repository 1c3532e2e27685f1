-- The version in which a resource was created. One that was deleted and comes back under its old name is another resource:
-- what belonged to the old one (access keys) does not belong to it.
ALTER TABLE resource ADD COLUMN created bigint;
UPDATE resource r SET created = (
  SELECT max(oldest.since) FROM resource oldest
   WHERE oldest.kind = r.kind AND oldest.name = r.name AND oldest.since <= r.since
     AND NOT EXISTS (SELECT FROM resource earlier
                      WHERE earlier.kind = r.kind AND earlier.name = r.name AND earlier.until = oldest.since));
ALTER TABLE resource ALTER COLUMN created SET NOT NULL;
