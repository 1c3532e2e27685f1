#include "services/session_recorder/exports/session_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/crypto/seal.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::exports {

namespace event_type = domain::event_type;

SessionCheck::SessionCheck(ExportedSession claimed, std::uint64_t line)
    : claimed_(std::move(claimed)), line_(line), data_key_(claimed_.data_key) {
  found_.id = claimed_.row.id;
  found_.position = claimed_.row.position;
  if (data_key_.Reveal().size() != crypto::kSealKeyBytes) {
    Fail("its data key is missing, so its payloads cannot be opened", line);
    return;
  }
  hash_ = chain::GenesisHash(found_.id, chain::KeyCommitment(data_key_));
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
  const std::string name = absl::StrCat("event ", event.index, " (", event.type, ") ");
  if (ended_) return absl::StrCat(name, "comes after the end");
  if ((event.index == 1) != (event.type == event_type::kRequest)) {
    return absl::StrCat(name, "is out of order");
  }
  const std::string hash =
      chain::LinkHash(found_.id, event.index, event.type, event.at, event.sealed, hash_);
  if (hash != event.hash) return absl::StrCat(name, "was changed: its hash is wrong");
  if (event.at < last_at_) return absl::StrCat(name, "is older than the one before it");
  const auto payload = chain::OpenPayload(data_key_, found_.id, event);
  if (!payload.ok()) return absl::StrCat(name, "does not open with the session's key");
  if (!Summarize(event.type, *payload, found_.summary).ok()) {
    return absl::StrCat(name, "has a malformed payload");
  }
  return "";
}

void SessionCheck::Event(const ExportedEvent& event, std::uint64_t line) {
  if (!problem_.empty()) return;
  if (std::string problem = CheckEvent(event); !problem.empty()) {
    Fail(std::move(problem), line);
    return;
  }
  ++index_;
  hash_ = event.event.hash;
  hashes_ += hash_;
  last_at_ = event.event.at;
  if (index_ == 1) found_.started_at = event.event.at;
  ended_ = event.event.type == event_type::kEnd;
  if (ended_) found_.ended_at = event.event.at;
}

void SessionCheck::Close(std::uint64_t line) {
  CheckDescription(line);
  // Of many sessions only what checkpoints are compared with is kept.
  const domain::Outcome outcome = found_.summary.end.outcome;
  found_.summary = SessionSummary();
  found_.summary.end.outcome = outcome;
  claimed_.row.summary = SessionSummary();
  hashes_.shrink_to_fit();
}

void SessionCheck::CheckDescription(std::uint64_t line) {
  if (!problem_.empty()) return;
  if (index_ != claimed_.row.head.index || hash_ != claimed_.row.head.hash) {
    Fail(absl::StrCat("it should have ", claimed_.row.head.index,
                      " events up to its head, but the chain ends with ", index_),
         line);
    return;
  }
  found_.head = {index_, hash_};
  const ExportedSession recomputed{found_, claimed_.data_key, claimed_.path};
  if (SessionLine(recomputed) != SessionLine(claimed_)) {
    Fail("its session line contradicts its events", line_);
  }
}

void SessionCheck::Signed(const chain::SessionHead& head, std::uint64_t checkpoint,
                          std::uint64_t line) {
  const std::string where = absl::StrCat("checkpoint ", checkpoint);
  if (head.position != found_.position) {
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

chain::SessionHead SessionCheck::head() const {
  return {found_.position, found_.id, {index_, hash_}, ended_};
}

SessionVerdict SessionCheck::Verdict() const {
  SessionVerdict verdict;
  verdict.id = found_.id;
  verdict.outcome = ended_ ? found_.summary.end.outcome : domain::Outcome::kRunning;
  verdict.events = index_;
  verdict.intact = problem_.empty();
  verdict.problem = problem_;
  verdict.line = problem_line_;
  return verdict;
}

}  // namespace countersign::session_recorder::exports
