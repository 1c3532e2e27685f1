#include "services/session_recorder/exports/session_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/crypto/seal.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::exports {

namespace event_type = domain::event_type;

SessionCheck::SessionCheck(ExportedSession claimed, std::string canonical, std::uint64_t line)
    : line_(line),
      id_(claimed.row.id),
      position_(claimed.row.position),
      path_(claimed.path),
      open_(std::make_unique<Open>(std::move(claimed), std::move(canonical))) {
  open_->found.id = id_;
  open_->found.position = position_;
  if (open_->data_key.Reveal().size() != crypto::kSealKeyBytes) {
    Fail("its data key is missing, so its payloads cannot be opened", line);
    return;
  }
  hash_ = chain::GenesisHash(id_, chain::KeyCommitment(open_->data_key));
}

void SessionCheck::Fail(std::string problem, std::uint64_t line) {
  if (!problem_.empty()) return;
  problem_ = std::move(problem);
  problem_line_ = line;
}

std::string SessionCheck::CheckEvent(const ExportedEvent& exported) {
  const SealedEvent& event = exported.event;
  if (event.index != index_ + 1) {
    return absl::StrCat("event ", index_ + 1, " is missing: event ", event.index, " follows");
  }
  const auto problem = [&](absl::string_view what) {
    return absl::StrCat("event ", event.index, " (", event.type, ") ", what);
  };
  if (ended_) return problem("comes after the end");
  if ((event.index == 1) != (event.type == event_type::kRequest)) return problem("is out of order");
  if (chain::LinkHash(id_, event.index, event.type, event.at, event.sealed, hash_) != event.hash) {
    return problem("was changed: its hash is wrong");
  }
  if (event.at < open_->last_at) return problem("is older than the one before it");
  const auto payload = chain::OpenPayload(open_->data_key, id_, event);
  if (!payload.ok()) return problem("does not open with the session's key");
  if (!Summarize(event.type, *payload, open_->found.summary).ok()) {
    return problem("has a malformed payload");
  }
  const std::string forwarding = CheckForwarding(event.type, *payload);
  return forwarding.empty() ? "" : problem(forwarding);
}

// A call that policy wanted reviewed is forwarded after an approval was used, or policy has changed
// its mind.
std::string SessionCheck::CheckForwarding(absl::string_view type, const std::string& payload) {
  if (type == event_type::kDecision) {
    const auto decision = domain::ReadDecisionPayload(payload);
    if (decision.ok()) open_->verdict = decision->verdict;
  } else if (type == event_type::kReviewConsumed) {
    const auto review = domain::ReadReviewPayload(payload);
    if (!review.ok()) return "has a malformed payload";
    use_.emplace();
    use_->session_id = id_;
    use_->review_id = review->review_id;
    use_->approvers = review->approvers;
    use_->connection = open_->found.summary.connection;
    use_->issuer = open_->found.summary.issuer;
    use_->subject = open_->found.summary.subject;
  } else if (type == event_type::kForward) {
    const auto hash = domain::ReadForwardPayload(payload);
    if (!hash.ok()) return "has a malformed payload";
    if (use_) {
      use_->binding_hash = *hash;
    } else if (open_->verdict && *open_->verdict != domain::Verdict::kAllow) {
      return "was sent without the approval that policy asked for";
    }
  }
  return "";
}

void SessionCheck::Event(const ExportedEvent& event, std::uint64_t line) {
  if (!problem_.empty() || open_ == nullptr) return;
  if (std::string problem = CheckEvent(event); !problem.empty()) {
    Fail(std::move(problem), line);
    return;
  }
  ++index_;
  hash_ = event.event.hash;
  hashes_ += hash_;
  open_->last_at = event.event.at;
  if (index_ == 1) open_->found.started_at = event.event.at;
  ended_ = event.event.type == event_type::kEnd;
  if (ended_) open_->found.ended_at = event.event.at;
}

void SessionCheck::Close(std::uint64_t line) {
  if (open_ == nullptr) return;
  CheckDescription(line);
  outcome_ = open_->found.summary.end.outcome;
  open_.reset();
  hashes_.shrink_to_fit();
}

void SessionCheck::CheckDescription(std::uint64_t line) {
  if (!problem_.empty()) return;
  const Head& claimed = open_->claimed.row.head;
  if (index_ != claimed.index || hash_ != claimed.hash) {
    Fail(absl::StrCat("it should have ", claimed.index,
                      " events up to its head, but the chain ends with ", index_),
         line);
    return;
  }
  open_->found.head = {index_, hash_};
  const ExportedSession recomputed{open_->found, open_->claimed.data_key, path_};
  if (SessionLine(recomputed) != open_->canonical) {
    Fail("its session line contradicts its events", line_);
  }
}

void SessionCheck::Signed(const chain::SessionHead& head, std::uint64_t checkpoint,
                          std::uint64_t line) {
  const std::string where = absl::StrCat("checkpoint ", checkpoint);
  if (head.position != position_) {
    return Fail(absl::StrCat(where, " has it at position ", head.position), line);
  }
  if (!problem_.empty() || head.head.index == 0) return;
  if (head.head.index > index_) {
    return Fail(absl::StrCat(where, " signed ", head.head.index, " events, here are ", index_),
                line);
  }
  if (hashes_.substr((head.head.index - 1) * 32ull, 32) != head.head.hash) {
    return Fail(
        absl::StrCat(where, " signed another event ", head.head.index, ": the record was changed"),
        line);
  }
  if (head.ended && (head.head.index != index_ || !ended_)) {
    return Fail(absl::StrCat(where, " signed its end at event ", head.head.index), line);
  }
}

chain::SessionHead SessionCheck::head() const { return {position_, id_, {index_, hash_}, ended_}; }

SessionVerdict SessionCheck::Verdict() const {
  SessionVerdict verdict;
  verdict.id = id_;
  verdict.outcome = ended_ ? outcome_ : domain::Outcome::kRunning;
  verdict.events = index_;
  verdict.intact = problem_.empty();
  if (used_approval()) verdict.votes = votes_proven_ ? VotesProof::kProven : VotesProof::kNotInFile;
  verdict.problem = problem_;
  verdict.line = problem_line_;
  return verdict;
}

}  // namespace countersign::session_recorder::exports
