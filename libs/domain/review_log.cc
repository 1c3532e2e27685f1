#include "libs/domain/review_log.h"

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"

namespace countersign::domain {

std::string HashReviewLogLine(absl::string_view previous, absl::string_view body) {
  return crypto::Sha256(absl::StrCat(body, LengthPrefixed().Add(previous).bytes()));
}

absl::Status FollowReviewLog(const std::vector<ReviewLogLine>& lines, ReviewLogHead& head) {
  for (const ReviewLogLine& line : lines) {
    if (line.sequence != head.sequence + 1) {
      return absl::DataLossError(
          absl::StrCat("line ", head.sequence + 1, " of approval's log is missing"));
    }
    head = {line.sequence, HashReviewLogLine(head.hash, line.body)};
  }
  return absl::OkStatus();
}

}  // namespace countersign::domain
