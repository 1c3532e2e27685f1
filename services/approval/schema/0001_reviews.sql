-- Reviews, their votes, uses and history. What the rules of review_rules.h say is said here a second time where SQL
-- can say it, so that no program with this role can approve, use or rewrite a review in another way.

CREATE TABLE review_edge (
  prev text NOT NULL,
  next text NOT NULL,
  PRIMARY KEY (prev, next)
);
INSERT INTO review_edge VALUES
  ('', 'PENDING'),
  ('PENDING', 'PENDING'), ('PENDING', 'APPROVED'), ('PENDING', 'DENIED'), ('PENDING', 'EXPIRED'),
  ('PENDING', 'CANCELLED'),
  ('APPROVED', 'APPROVED'), ('APPROVED', 'CONSUMED'), ('APPROVED', 'EXHAUSTED'), ('APPROVED', 'EXPIRED'),
  ('APPROVED', 'REVOKED');

CREATE TABLE review (
  id uuid PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('PENDING', 'APPROVED', 'DENIED', 'EXPIRED', 'CANCELLED', 'CONSUMED',
                                       'EXHAUSTED', 'REVOKED')),
  call_key bytea NOT NULL CHECK (length(call_key) = 32),
  terms_key bytea NOT NULL CHECK (length(terms_key) = 32),
  requester_issuer text NOT NULL CHECK (requester_issuer <> ''),
  requester_subject text NOT NULL CHECK (requester_subject <> ''),
  requester_identity text NOT NULL,
  requester_owner text NOT NULL,
  connection text NOT NULL CHECK (connection <> ''),
  connection_version bigint NOT NULL,
  binding_hash text NOT NULL CHECK (binding_hash ~ '^[0-9a-f]{64}$'),
  policy text NOT NULL,
  policy_version bigint NOT NULL,
  reviewers text[] NOT NULL CHECK (cardinality(reviewers) >= 1),
  approvals int NOT NULL CHECK (approvals >= 1),
  pending_ttl_ms bigint NOT NULL CHECK (pending_ttl_ms > 0),
  hold_ms bigint NOT NULL CHECK (hold_ms >= 0),
  grant_kind text NOT NULL CHECK (grant_kind IN ('oneShot')),
  grant_ttl_ms bigint NOT NULL CHECK (grant_ttl_ms > 0),
  grant_uses int NOT NULL CHECK (grant_uses = 1 OR (grant_uses > 1 AND grant_kind <> 'oneShot')),
  prompt_tokens bigint NOT NULL CHECK (prompt_tokens >= 0),
  model text NOT NULL,
  created_at timestamptz NOT NULL,
  pending_expires_at timestamptz NOT NULL,
  decided_at timestamptz,
  grant_expires_at timestamptz,
  uses_left int NOT NULL DEFAULT 0 CHECK (uses_left BETWEEN 0 AND grant_uses),
  reason text NOT NULL DEFAULT '',
  CHECK (state NOT IN ('APPROVED', 'DENIED') OR decided_at IS NOT NULL),
  CHECK (state <> 'APPROVED' OR (grant_expires_at IS NOT NULL AND uses_left > 0)),
  CHECK (state NOT IN ('PENDING', 'DENIED') OR (grant_expires_at IS NULL AND uses_left = 0))
);
-- Calls that race open one review: the store serialises them by call_key, this index makes sure.
CREATE UNIQUE INDEX review_one_pending ON review (call_key, terms_key) WHERE state = 'PENDING';
CREATE INDEX review_by_call ON review (call_key);
CREATE INDEX review_due ON review (state) WHERE state IN ('PENDING', 'APPROVED');

-- Sealed with the service's key, bound to the review's id.
CREATE TABLE review_content (
  review uuid PRIMARY KEY REFERENCES review,
  sealed_readable bytea NOT NULL,
  sealed_body bytea NOT NULL
);

CREATE TABLE review_vote (
  review uuid NOT NULL REFERENCES review,
  person text NOT NULL CHECK (person <> ''),
  ballot text NOT NULL CHECK (ballot IN ('APPROVE', 'DENY')),
  issuer text NOT NULL,
  subject text NOT NULL,
  identity text NOT NULL,
  owner text NOT NULL,
  reason text NOT NULL,
  seen_hash text NOT NULL,
  claimed_groups text[] NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (review, person, ballot)
);

CREATE TABLE review_use (
  review uuid NOT NULL REFERENCES review,
  session text NOT NULL CHECK (session <> ''),
  at timestamptz NOT NULL,
  PRIMARY KEY (review, session)
);

CREATE TABLE review_log_head (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  sequence bigint NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO review_log_head (sequence, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE TABLE review_log (
  sequence bigint PRIMARY KEY,
  review uuid NOT NULL REFERENCES review,
  prev text NOT NULL,
  next text NOT NULL,
  actor text NOT NULL,
  detail text NOT NULL,
  at timestamptz NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  FOREIGN KEY (prev, next) REFERENCES review_edge
);
CREATE INDEX review_log_by_review ON review_log (review, sequence);

CREATE FUNCTION review_keeps() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION '% of % is not allowed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER review_edge_keeps BEFORE INSERT OR UPDATE OR DELETE ON review_edge
  FOR EACH ROW EXECUTE FUNCTION review_keeps();
CREATE TRIGGER review_row_keeps BEFORE DELETE ON review FOR EACH ROW EXECUTE FUNCTION review_keeps();
CREATE TRIGGER review_content_keeps BEFORE UPDATE OR DELETE ON review_content
  FOR EACH ROW EXECUTE FUNCTION review_keeps();
CREATE TRIGGER review_vote_keeps BEFORE UPDATE OR DELETE ON review_vote
  FOR EACH ROW EXECUTE FUNCTION review_keeps();
CREATE TRIGGER review_use_keeps BEFORE UPDATE OR DELETE ON review_use
  FOR EACH ROW EXECUTE FUNCTION review_keeps();
CREATE TRIGGER review_log_keeps BEFORE UPDATE OR DELETE ON review_log
  FOR EACH ROW EXECUTE FUNCTION review_keeps();

-- A review changes along the edges only, and nothing that was agreed upon changes at all.
CREATE FUNCTION review_step() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF OLD.state <> NEW.state
     AND NOT EXISTS (SELECT FROM review_edge WHERE prev = OLD.state AND next = NEW.state) THEN
    RAISE EXCEPTION 'a review does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF (OLD.id, OLD.call_key, OLD.terms_key, OLD.requester_issuer, OLD.requester_subject, OLD.requester_identity,
      OLD.requester_owner, OLD.connection, OLD.connection_version, OLD.binding_hash, OLD.policy, OLD.policy_version,
      OLD.reviewers, OLD.approvals, OLD.pending_ttl_ms, OLD.hold_ms, OLD.grant_kind, OLD.grant_ttl_ms,
      OLD.grant_uses, OLD.prompt_tokens, OLD.model, OLD.created_at, OLD.pending_expires_at)
     IS DISTINCT FROM
     (NEW.id, NEW.call_key, NEW.terms_key, NEW.requester_issuer, NEW.requester_subject, NEW.requester_identity,
      NEW.requester_owner, NEW.connection, NEW.connection_version, NEW.binding_hash, NEW.policy, NEW.policy_version,
      NEW.reviewers, NEW.approvals, NEW.pending_ttl_ms, NEW.hold_ms, NEW.grant_kind, NEW.grant_ttl_ms,
      NEW.grant_uses, NEW.prompt_tokens, NEW.model, NEW.created_at, NEW.pending_expires_at) THEN
    RAISE EXCEPTION 'the terms of a review are frozen' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state <> 'PENDING' AND (NEW.uses_left > OLD.uses_left
                                 OR NEW.grant_expires_at IS DISTINCT FROM OLD.grant_expires_at
                                 OR NEW.decided_at IS DISTINCT FROM OLD.decided_at) THEN
    RAISE EXCEPTION 'a grant does not grow' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'PENDING' AND NEW.state = 'APPROVED'
     AND ((SELECT count(DISTINCT person) FROM review_vote WHERE review = NEW.id AND ballot = 'APPROVE')
            < NEW.approvals
          OR EXISTS (SELECT FROM review_vote WHERE review = NEW.id AND ballot = 'DENY')) THEN
    RAISE EXCEPTION 'a review is approved by its votes' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER review_step BEFORE UPDATE ON review FOR EACH ROW EXECUTE FUNCTION review_step();

CREATE FUNCTION review_opens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'PENDING' THEN
    RAISE EXCEPTION 'a review opens as PENDING' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER review_opens BEFORE INSERT ON review FOR EACH ROW EXECUTE FUNCTION review_opens();

-- Nobody judges his own call: not the requester, not its owner, not an agent of either.
CREATE FUNCTION review_vote_counts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  asked review%ROWTYPE;
BEGIN
  SELECT * INTO STRICT asked FROM review WHERE id = NEW.review;
  IF (NEW.issuer = asked.requester_issuer AND NEW.subject = asked.requester_subject)
     OR (NEW.identity <> '' AND NEW.identity IN (asked.requester_identity, asked.requester_owner))
     OR (NEW.owner <> '' AND NEW.owner IN (asked.requester_identity, asked.requester_owner)) THEN
    RAISE EXCEPTION 'the requester of a review does not vote on it' USING ERRCODE = 'check_violation';
  END IF;
  IF asked.state <> 'PENDING' THEN
    RAISE EXCEPTION 'votes are cast on PENDING reviews' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.ballot = 'APPROVE' AND NEW.seen_hash <> asked.binding_hash THEN
    RAISE EXCEPTION 'an approval is for what was seen' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER review_vote_counts BEFORE INSERT ON review_vote
  FOR EACH ROW EXECUTE FUNCTION review_vote_counts();
