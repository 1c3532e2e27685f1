#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/session_recorder/chain/checkpoint.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::exports {

// The part of an export behind its sessions: checkpoints, each after the lines of approval's log
// that it is the first to cover. Blocking; used by one caller at a time.
class CheckpointPart {
 public:
  // Of a complete export: all checkpoints up to `newest`, and the whole log; null: without it.
  CheckpointPart(store::RecordStore& store, domain::ReviewLog* log, chain::Checkpoint newest);

  // Of an export of named sessions: `newest`, and before it the log from the opening of each of
  // `reviews` to the checkpoint that covers its newest line. UNAVAILABLE without approval.
  static absl::StatusOr<CheckpointPart> OfReviews(store::RecordStore& store, domain::ReviewLog* log,
                                                  chain::Checkpoint newest,
                                                  const std::set<std::string>& reviews);

  // The next lines, a page of the log or one checkpoint; empty after the last.
  absl::StatusOr<std::vector<std::string>> Next();

 private:
  struct Planned {
    chain::Checkpoint checkpoint;
    std::optional<std::uint64_t> log_after;  // the log is read from here; absent: it goes on
  };
  absl::Status LoadCheckpoints();
  absl::StatusOr<std::vector<std::string>> LogLines(std::uint64_t until);

  store::RecordStore& store_;
  domain::ReviewLog* log_;
  chain::Checkpoint newest_;
  bool complete_ = true;
  std::uint64_t loaded_ = 0;  // the number of the newest checkpoint in planned_
  std::deque<Planned> planned_;
  std::uint64_t log_at_ = 0;  // the newest line of the log that was written
  bool log_begun_ = false;    // where it begins was written
};

}  // namespace countersign::session_recorder::exports
