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
  std::uint64_t sequence = 0;  // 0: the log is empty
  std::string hash;            // 32 raw bytes; of the empty log, 32 zero bytes
};
LogHead EmptyLogHead();

struct Transition {
  std::uint64_t sequence = 0;  // 1, 2, 3 … without gaps
  std::string review_id;
  domain::ReviewState from = domain::ReviewState::kUnspecified;
  domain::ReviewState to = domain::ReviewState::kUnspecified;
  std::string actor;                     // who did it, for people; "countersign" for what time did
  std::string detail;                    // JSON object: the vote, the use, the terms
  absl::Time at = absl::InfinitePast();  // whole microseconds
  std::string hash;
};

// SHA-256 over a length-prefixed encoding of `previous` and every field of `line` but `hash`.
std::string HashTransition(const std::string& previous, const Transition& line);

// `line` put behind `head`: sequence and hash filled in, `head` moved on.
Transition Chain(Transition line, LogHead& head);

// OK when `lines` follow `start` without a gap, every hash is right and every step is a legal edge;
// then `start` is the head after the last line. DATA_LOSS names the first line that does not fit.
absl::Status VerifyLog(const std::vector<Transition>& lines, LogHead& start);

}  // namespace countersign::approval::store
