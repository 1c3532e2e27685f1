-- SAML assertions that were exchanged for a token, without their names: SHA-256 of issuer and id. A mark is deleted
-- after keep_until, when the assertion has expired by every clock.
CREATE TABLE used_assertion (
  digest bytea PRIMARY KEY CHECK (length(digest) = 32),
  used_at timestamptz NOT NULL,
  keep_until timestamptz NOT NULL
);
CREATE INDEX used_assertion_by_end ON used_assertion (keep_until);
