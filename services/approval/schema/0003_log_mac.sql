-- A line of the log carries a MAC under a key that is not in this database, so that nobody with the database's password can
-- add one. Lines of earlier programs have none, and prove nothing.
ALTER TABLE review_log ADD COLUMN mac bytea CHECK (mac IS NULL OR length(mac) = 32);
