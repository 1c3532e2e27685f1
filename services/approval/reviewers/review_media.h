#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "services/approval/reviews/review.h"

namespace countersign::approval::reviewers {

// The bytes of the media `index` of `content.prompt`, decoded from the body that will be sent.
// NOT_FOUND for an index without media, DATA_LOSS when the body has other media there.
absl::StatusOr<std::string> ReadReviewMedia(const reviews::ReviewContent& content,
                                            std::size_t index);

}  // namespace countersign::approval::reviewers
