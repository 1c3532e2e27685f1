#include "services/session_recorder/chain/checkpointer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::session_recorder::chain {
namespace {

// The maximum number of lines of approval's log per checkpoint.
constexpr std::size_t kLogLines = 100;
constexpr int kMaxLogPages = 1000;
// Of the covered heads, when the tree is loaded.
constexpr std::uint64_t kHeadsAtOnce = 10'000;
constexpr std::uint64_t kAnyCheckpoint = std::numeric_limits<std::int64_t>::max();

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

absl::Status Checkpointer::FollowReviews(Log log) {
  if (options_.review_log == nullptr) return absl::OkStatus();
  domain::ReviewLogHead head = reviews_.value_or(domain::ReviewLogHead());
  for (int page_number = 0; page_number < kMaxLogPages; ++page_number) {
    const auto page = options_.review_log->Read(head.sequence, kLogLines);
    if (absl::IsDataLoss(page.status())) return page.status();
    if (!page.ok() && log == Log::kFollowed) return page.status();
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
  tree_ = RecordTree();
  running_.clear();
  chunk_.clear();
  last_ = Checkpoint();
  last_.previous = std::string(32, '\0');
  last_.at = absl::InfinitePast();
  reviews_.reset();
  const std::uint64_t newest = last ? last->number : kAnyCheckpoint;
  for (bool more = true; more;) {
    CS_ASSIGN_OR_RETURN(const auto heads, store_.CoveredHeads(tree_.size(), kHeadsAtOnce, newest));
    for (const SessionHead& head : heads) {
      if (head.position != tree_.size()) {
        return absl::DataLossError(
            absl::StrCat("no checkpoint covers the session at position ", tree_.size()));
      }
      Cover(head);
    }
    more = heads.size() == kHeadsAtOnce;
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
  } else if (tree_.size() > 0) {
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

void Checkpointer::Cover(const SessionHead& head) {
  tree_.Set(head.position, HeadLeaf(head), head.ended);
  if (head.ended) {
    running_.erase(head.position);
  } else {
    running_[head.position] = head.head.index;
  }
}

absl::StatusOr<Checkpointer::FinalHead> Checkpointer::ReadFinal(std::uint64_t position) {
  const std::uint64_t begin = RecordTree::ChunkBegin(position);
  const auto holds = [&] {
    return !chunk_.empty() && chunk_.front().position == begin &&
           position - begin < chunk_.size() && chunk_[position - begin].ended;
  };
  if (!holds()) {
    CS_ASSIGN_OR_RETURN(chunk_, store_.CoveredHeads(begin, RecordTree::kChunkLeaves, last_.number));
  }
  std::optional<RecordTree::Proof> proof = tree_.Prove(position);
  if (holds() && !proof) {
    std::vector<std::string> leaves;
    for (const SessionHead& head : chunk_) leaves.push_back(HeadLeaf(head));
    proof = tree_.Prove(position, leaves);
  }
  if (!holds() || !proof || proof->leaf != HeadLeaf(chunk_[position - begin])) {
    chunk_.clear();
    return absl::DataLossError(
        absl::StrCat("the checkpoints at position ", position, " are not those that were signed"));
  }
  return FinalHead{chunk_[position - begin], *std::move(proof)};
}

absl::StatusOr<bool> Checkpointer::IsCovered(const SessionHead& head) {
  const auto changed = [&] {
    return absl::DataLossError(
        absl::StrCat("session ", head.session_id, " is not what was signed: it was changed"));
  };
  const auto running = running_.find(head.position);
  if (running == running_.end()) {
    CS_ASSIGN_OR_RETURN(const FinalHead covered, ReadFinal(head.position));
    if (covered.proof.leaf != HeadLeaf(head)) return changed();
    return true;
  }
  if (tree_.Prove(head.position)->leaf == HeadLeaf(head)) return true;
  if (head.head.index <= running->second) return changed();
  return false;
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
    } else {
      CS_ASSIGN_OR_RETURN(const bool is_covered, IsCovered(head));
      if (is_covered) continue;
    }
    heads.push_back(std::move(head));
  }
  std::sort(heads.begin(), heads.end(),
            [](const SessionHead& a, const SessionHead& b) { return a.position < b.position; });
  return heads;
}

absl::Status Checkpointer::Append(std::vector<SessionHead> heads, Log log) {
  CS_RETURN_IF_ERROR(Publish());  // not published before because of a crash or a full disk
  CS_RETURN_IF_ERROR(FollowReviews(log));
  Checkpoint next;
  next.number = last_.number + 1;
  // A clock that was set back does not make the history run backwards.
  next.at = std::max(absl::FromUnixNanos(absl::ToUnixNanos(clock_.Now())), last_.at);
  next.previous = last_.number == 0 ? std::string(32, '\0') : CheckpointHash(last_);
  for (const SessionHead& head : heads) Cover(head);
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
    return Append(std::move(heads), Log::kIfReachable);
  };
  const absl::Status status = run();
  if (!status.ok()) metrics_.checkpoint_failures.Increment();
  return status;
}

absl::Status Checkpointer::MakeOne(Log log) {
  if (!loaded_) CS_RETURN_IF_ERROR(Load());
  CS_ASSIGN_OR_RETURN(std::vector<SessionHead> heads, NewHeads());
  return Append(std::move(heads), log);
}

absl::StatusOr<Checkpoint> Checkpointer::Force(Log log) {
  const MutexLock lock(mutex_);
  absl::Status status;
  // Another process may have made the next checkpoint meanwhile: load it and try again.
  for (int attempt = 0; attempt < 3; ++attempt) {
    status = MakeOne(log);
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
    if (position >= tree_.size()) {
      return absl::UnavailableError("no checkpoint covers this session yet");
    }
    if (const auto running = running_.find(position); running != running_.end()) {
      statement.covered.push_back({running->second, false, tree_.Prove(position)->path});
      continue;
    }
    CS_ASSIGN_OR_RETURN(FinalHead covered, ReadFinal(position));
    statement.covered.push_back({covered.head.head.index, true, std::move(covered.proof.path)});
  }
  return statement;
}

}  // namespace countersign::session_recorder::chain
