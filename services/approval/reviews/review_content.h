#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/approval/reviews/review.h"

namespace countersign::approval::reviews {

// The readable half of a ReviewContent (prompt and findings) as JSON, for sealing; the upstream
// body is bytes and is sealed as it is.
std::string EncodeReadable(const ReviewContent& content);

// Fills prompt and findings of `content`. DATA_LOSS when `json` was not made by EncodeReadable.
absl::Status DecodeReadable(absl::string_view json, ReviewContent& content);

}  // namespace countersign::approval::reviews
