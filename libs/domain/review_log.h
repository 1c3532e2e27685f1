#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// What approval keeps of every review, as one hash-chained list: opened, voted, used, expired. The
// recorder puts the list's head into every checkpoint, so that the list can be neither cut nor
// changed behind one.
namespace countersign::domain {

struct ReviewLogHead {
  std::uint64_t sequence = 0;                // of the newest line; 0: there is none
  std::string hash = std::string(32, '\0');  // raw; of the empty log, zero bytes

  friend bool operator==(const ReviewLogHead&, const ReviewLogHead&) = default;
};

// What one line says, encoded by approval; sequence numbers are 1, 2, 3 … without gaps.
struct ReviewLogLine {
  std::uint64_t sequence = 0;
  std::string body;
};

// SHA-256(body ‖ LP(previous)), where LP is libs/base LengthPrefixed.
std::string HashReviewLogLine(absl::string_view previous, absl::string_view body);

// Moves `head` on over `lines`. DATA_LOSS when they do not follow it without a gap.
absl::Status FollowReviewLog(const std::vector<ReviewLogLine>& lines, ReviewLogHead& head);

struct ReviewLogPage {
  std::vector<ReviewLogLine> lines;
  ReviewLogHead head;  // of the whole list, read no later than `lines`
};

// Where the recorder reads the list. Blocking, never on a network thread; thread-safe. UNAVAILABLE
// when approval cannot be reached.
class ReviewLog {
 public:
  virtual ~ReviewLog() = default;
  // At most `limit` lines after the one numbered `after`, in order.
  virtual absl::StatusOr<ReviewLogPage> Read(std::uint64_t after, std::size_t limit) = 0;
};

}  // namespace countersign::domain
