#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Approval's log of all reviews (opened, voted, used, expired) as one hash-chained list. The
// recorder includes the list's head in every checkpoint, so that entries before it can be neither
// removed nor changed.
namespace countersign::domain {

struct ReviewLogHead {
  std::uint64_t sequence = 0;                // of the newest line; 0 if there is none
  std::string hash = std::string(32, '\0');  // raw; of the empty log, zero bytes

  friend bool operator==(const ReviewLogHead&, const ReviewLogHead&) = default;
};

// One line's content, encoded by approval; sequence numbers are 1, 2, 3 … without gaps.
struct ReviewLogLine {
  std::uint64_t sequence = 0;
  std::string body;
};

// SHA-256(body ‖ LP(previous)), where LP is libs/base LengthPrefixed.
std::string HashReviewLogLine(absl::string_view previous, absl::string_view body);

// Advances `head` over `lines`. DATA_LOSS when they do not continue it without a gap.
absl::Status FollowReviewLog(const std::vector<ReviewLogLine>& lines, ReviewLogHead& head);

struct ReviewLogPage {
  std::vector<ReviewLogLine> lines;
  ReviewLogHead head;      // of the whole list, read no later than `lines`
  std::string after_hash;  // of the line before `lines`; empty from an earlier program
};

// Where the lines of one review are: from its opening to its newest.
struct ReviewLines {
  std::string review_id;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// How the recorder reads the list. Blocking, must not be called on a network thread; thread-safe.
// UNAVAILABLE when approval cannot be reached.
class ReviewLog {
 public:
  virtual ~ReviewLog() = default;
  // At most `limit` lines after the one numbered `after`, in order.
  virtual absl::StatusOr<ReviewLogPage> Read(std::uint64_t after, std::size_t limit) = 0;
  // Of those of `review_ids` (at most 1,000) that the log knows.
  virtual absl::StatusOr<std::vector<ReviewLines>> Locate(
      const std::vector<std::string>& review_ids) = 0;
};

}  // namespace countersign::domain
