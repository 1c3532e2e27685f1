-- How far a checkpoint covers approval's log; null in checkpoints that were made before it did.
ALTER TABLE checkpoints ADD COLUMN reviews_sequence bigint;
ALTER TABLE checkpoints ADD COLUMN reviews_hash bytea CHECK (reviews_hash IS NULL OR length(reviews_hash) = 32);
ALTER TABLE checkpoints ADD CHECK ((reviews_sequence IS NULL) = (reviews_hash IS NULL));
