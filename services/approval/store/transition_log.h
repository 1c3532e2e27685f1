#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/domain/review_gate.h"

// What happened to reviews, as one hash-chained list. Each line is written in the transaction of
// the change itself. The chain stands alone: the recorder's checkpoints do not include its head yet
// (services/DECISIONS.md, 21).
namespace countersign::approval::store {

struct LogHead {
  std::uint64_t sequence = 0;  // 0 for an empty log
  std::string hash;            // 32 raw bytes; zeros for an empty log
};
LogHead EmptyLogHead();

struct Transition {
  std::uint64_t sequence = 0;  // 1, 2, 3 … without gaps
  std::string review_id;
  domain::ReviewState from = domain::ReviewState::kUnspecified;
  domain::ReviewState to = domain::ReviewState::kUnspecified;
  std::string actor;                     // display name; "countersign" for expiry
  std::string detail;                    // JSON object: the vote, the use, the terms
  absl::Time at = absl::InfinitePast();  // whole microseconds
  std::string hash;
};

// SHA-256 over a length-prefixed encoding of `previous` and every field of `line` but `hash`.
std::string HashTransition(const std::string& previous, const Transition& line);

// Fills in sequence and hash of `line` as the one after `head`, and advances `head`.
Transition Chain(Transition line, LogHead& head);

// OK when `lines` continue `start` without a gap, every hash matches and every transition is legal;
// `start` then becomes the head after the last line. DATA_LOSS names the first line that is wrong.
absl::Status VerifyLog(const std::vector<Transition>& lines, LogHead& start);

}  // namespace countersign::approval::store
