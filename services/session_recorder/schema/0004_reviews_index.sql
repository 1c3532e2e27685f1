-- An export of named sessions looks up the checkpoint that covers a line of approval's log.
CREATE INDEX checkpoints_by_review ON checkpoints (reviews_sequence, number);
