#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/approval/reviews/review.h"

namespace countersign::approval::reviews {

// Head, prompt and findings of a ReviewContent as JSON, to be sealed. The upstream body is sealed
// separately, as bytes.
std::string EncodeReadable(const ReviewContent& content);

// Sets head, prompt and findings of `content`. DATA_LOSS when `json` is not the output of
// EncodeReadable.
absl::Status DecodeReadable(absl::string_view json, ReviewContent& content);

}  // namespace countersign::approval::reviews
