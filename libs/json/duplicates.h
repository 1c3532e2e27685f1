#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::json {

// `bytes` without the members that another member of the same name follows in the same object: what
// JavaScript reads. Everything else stays as it is. INVALID_ARGUMENT when `bytes` are not JSON
// within `limits`.
absl::StatusOr<std::string> KeepLastMembers(absl::string_view bytes, const Limits& limits);

}  // namespace countersign::json
