#include "services/session_recorder/chain/checkpointer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::session_recorder::chain {
namespace {

// The maximum number of lines of approval's log per checkpoint.
constexpr std::size_t kLogLines = 100;
constexpr int kMaxLogPages = 1000;

}  // namespace

Checkpointer::Checkpointer(store::RecordStore& store, const Clock& clock, crypto::SigningKey key,
                           RecorderMetrics metrics, CheckpointOptions options)
    : store_(store),
      clock_(clock),
      key_(std::move(key)),
      metrics_(metrics),
      options_(std::move(options)) {}

bool Checkpointer::Trusts(const std::string& public_key) const {
  const auto& trusted = options_.trusted_keys;
  return public_key == key_.public_key() ||
         std::find(trusted.begin(), trusted.end(), public_key) != trusted.end();
}

absl::Status Checkpointer::Load() {
  CS_RETURN_IF_ERROR(LoadTree());
  CS_RETURN_IF_ERROR(CheckSinks());
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status Checkpointer::CheckStored() {
  const MutexLock lock(mutex_);
  return loaded_ ? absl::OkStatus() : Load();
}

// Every sink's checkpoint must be in the store, unchanged.
absl::Status Checkpointer::CheckSinks() {
  published_ = last_.number;
  for (CheckpointSink* sink : options_.sinks) {
    CS_ASSIGN_OR_RETURN(const std::optional<Checkpoint> newest, sink->Newest());
    if (!newest) {
      published_ = 0;
      continue;
    }
    if (!Trusts(newest->public_key)) {
      return absl::FailedPreconditionError(
          absl::StrCat(sink->name(), ": the checkpoint was signed by a key that is not trusted"));
    }
    CS_ASSIGN_OR_RETURN(const auto stored, store_.CheckpointsAfter(newest->number - 1, 1));
    if (stored.empty() || stored[0].number != newest->number ||
        CheckpointHash(stored[0]) != CheckpointHash(*newest)) {
      return absl::DataLossError(absl::StrCat(
          "the database was set back or replaced: ", sink->name(), " knows checkpoint ",
          newest->number, ", which is not in it (its newest is ", last_.number,
          "). If a backup was restored on purpose, move that file away; outsiders who kept a "
          "checkpoint will see it"));
    }
    published_ = std::min(published_, newest->number);
  }
  return absl::OkStatus();
}

absl::Status Checkpointer::Publish() {
  if (published_ == last_.number) return absl::OkStatus();
  for (CheckpointSink* sink : options_.sinks) CS_RETURN_IF_ERROR(sink->Publish(last_));
  published_ = last_.number;
  return absl::OkStatus();
}

absl::Status Checkpointer::FollowReviews() {
  if (options_.review_log == nullptr) return absl::OkStatus();
  domain::ReviewLogHead head = reviews_.value_or(domain::ReviewLogHead());
  for (int page_number = 0; page_number < kMaxLogPages; ++page_number) {
    const auto page = options_.review_log->Read(head.sequence, kLogLines);
    if (absl::IsDataLoss(page.status())) return page.status();
    if (!page.ok()) break;  // approval is unreachable: repeat the known head
    const bool same_place = page->head.sequence == head.sequence;
    if (page->head.sequence < head.sequence || (same_place && page->head.hash != head.hash)) {
      return absl::DataLossError(
          absl::StrCat("approval's log was cut or changed: a checkpoint covers line ",
                       head.sequence, ", the log ends at line ", page->head.sequence));
    }
    if (same_place) break;
    if (page->lines.empty()) return absl::DataLossError("approval's log has lost its newest lines");
    CS_RETURN_IF_ERROR(domain::FollowReviewLog(page->lines, head));
  }
  reviews_ = head;
  return absl::OkStatus();
}

absl::Status Checkpointer::LoadTree() {
  CS_ASSIGN_OR_RETURN(const auto last, store_.LastCheckpoint());
  CS_ASSIGN_OR_RETURN(const auto heads, store_.CoveredHeads());
  tree_ = MerkleTree();
  seen_.clear();
  last_ = Checkpoint();
  last_.previous = std::string(32, '\0');
  last_.at = absl::InfinitePast();
  reviews_.reset();
  for (const SessionHead& head : heads) {
    if (head.position != tree_.size()) {
      return absl::DataLossError(
          absl::StrCat("no checkpoint covers the session at position ", tree_.size()));
    }
    tree_.Set(tree_.size(), HeadLeaf(head));
    seen_.push_back({head.head.index, head.ended});
  }
  if (last.has_value()) {
    if (!SignatureIsValid(*last) || last->size != tree_.size() ||
        last->root != RootWith(tree_.Root(), last->reviews)) {
      return absl::DataLossError(
          absl::StrCat("checkpoint ", last->number, " contradicts its signature: it was changed"));
    }
    if (!Trusts(last->public_key)) {
      return absl::FailedPreconditionError(
          absl::StrCat("checkpoint ", last->number, " was signed by a key that is not trusted"));
    }
    last_ = *last;
    reviews_ = last->reviews;
  } else if (!heads.empty()) {
    return absl::DataLossError("the checkpoints are missing, but sessions that they covered exist");
  }
  CS_ASSIGN_OR_RETURN(const auto beyond, store_.ByPosition(tree_.size(), 1));
  if (!beyond.empty()) {
    CS_ASSIGN_OR_RETURN(const auto newest, store_.LastCheckpoint());
    // Either another process has just made a checkpoint, or some were removed.
    if (newest.has_value() && newest->number > last_.number) {
      return absl::AbortedError("another process made a checkpoint at the same time");
    }
    return absl::DataLossError(
        absl::StrCat("session ", beyond[0].id, " was covered by a checkpoint that is gone"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionHead>> Checkpointer::NewHeads() {
  CS_ASSIGN_OR_RETURN(std::vector<SessionHead> open, store_.OpenHeads());
  std::vector<SessionHead> heads;
  std::uint64_t size = tree_.size();
  for (SessionHead& head : open) {
    if (head.position == kNoPosition) {
      head.position = size++;
    } else if (head.position >= tree_.size()) {
      CS_ASSIGN_OR_RETURN(const auto newest, store_.LastCheckpoint());
      if (newest.has_value() && newest->number > last_.number) {
        loaded_ = false;
        return absl::AbortedError("another process made a checkpoint meanwhile");
      }
      return absl::DataLossError(
          absl::StrCat("session ", head.session_id, " has a position that was never signed"));
    } else if (tree_.leaf(head.position) == HeadLeaf(head)) {
      continue;
    } else if (const Seen& seen = seen_[head.position];
               seen.ended || head.head.index <= seen.index) {
      return absl::DataLossError(
          absl::StrCat("session ", head.session_id, " is not what was signed: it was changed"));
    }
    heads.push_back(std::move(head));
  }
  std::sort(heads.begin(), heads.end(),
            [](const SessionHead& a, const SessionHead& b) { return a.position < b.position; });
  return heads;
}

absl::Status Checkpointer::Append(std::vector<SessionHead> heads) {
  CS_RETURN_IF_ERROR(Publish());  // not published before because of a crash or a full disk
  CS_RETURN_IF_ERROR(FollowReviews());
  Checkpoint next;
  next.number = last_.number + 1;
  // A clock that was set back does not make the history run backwards.
  next.at = std::max(absl::FromUnixNanos(absl::ToUnixNanos(clock_.Now())), last_.at);
  next.previous = last_.number == 0 ? std::string(32, '\0') : CheckpointHash(last_);
  for (const SessionHead& head : heads) {
    tree_.Set(head.position, HeadLeaf(head));
    seen_.resize(tree_.size());
    seen_[head.position] = {head.head.index, head.ended};
  }
  next.size = tree_.size();
  next.reviews = reviews_;
  next.root = RootWith(tree_.Root(), next.reviews);
  next.heads = std::move(heads);
  Sign(key_, next);
  if (absl::Status status = store_.AppendCheckpoint(next); !status.ok()) {
    loaded_ = false;  // Reload: the tree is ahead of the store now.
    return status;
  }
  next.heads.clear();
  last_ = std::move(next);
  metrics_.checkpoints.Increment();
  return Publish();
}

absl::Status Checkpointer::Tick() {
  const MutexLock lock(mutex_);
  const auto run = [&]() -> absl::Status {
    if (!loaded_) CS_RETURN_IF_ERROR(Load());
    // Negative after the clock was set back: new events are then covered at every tick.
    const absl::Duration age = clock_.Now() - last_.at;
    if (age >= absl::ZeroDuration() && age < options_.interval) return absl::OkStatus();
    CS_ASSIGN_OR_RETURN(std::vector<SessionHead> heads, NewHeads());
    if (heads.empty() && age < options_.idle_interval) return absl::OkStatus();
    return Append(std::move(heads));
  };
  const absl::Status status = run();
  if (!status.ok()) metrics_.checkpoint_failures.Increment();
  return status;
}

absl::Status Checkpointer::MakeOne() {
  if (!loaded_) CS_RETURN_IF_ERROR(Load());
  CS_ASSIGN_OR_RETURN(std::vector<SessionHead> heads, NewHeads());
  return Append(std::move(heads));
}

absl::StatusOr<Checkpoint> Checkpointer::Force() {
  const MutexLock lock(mutex_);
  absl::Status status;
  // Another process may have made the next checkpoint meanwhile: load it and try again.
  for (int attempt = 0; attempt < 3; ++attempt) {
    status = MakeOne();
    if (status.ok()) return last_;
    if (!absl::IsAborted(status)) break;
  }
  metrics_.checkpoint_failures.Increment();
  return status;
}

absl::StatusOr<Checkpointer::Statement> Checkpointer::State(
    const std::vector<std::uint64_t>& positions) {
  const MutexLock lock(mutex_);
  if (!loaded_) CS_RETURN_IF_ERROR(Load());
  Statement statement;
  statement.checkpoint = last_;
  for (const std::uint64_t position : positions) {
    if (position >= seen_.size()) {
      return absl::UnavailableError("no checkpoint covers this session yet");
    }
    const Seen& seen = seen_[position];
    statement.covered.push_back({seen.index, seen.ended, tree_.Proof(position)});
  }
  return statement;
}

}  // namespace countersign::session_recorder::chain
