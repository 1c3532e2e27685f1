-- The pending reviews of one caller are counted before another is opened.
CREATE INDEX review_pending_by_requester ON review (requester_issuer, requester_subject) WHERE state = 'PENDING';
CREATE INDEX review_pending_by_identity ON review (requester_identity) WHERE state = 'PENDING';
