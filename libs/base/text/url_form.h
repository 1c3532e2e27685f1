#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// application/x-www-form-urlencoded (WHATWG URL §5), as OAuth uses it in bodies and queries.
namespace countersign {

std::string EncodeUrlForm(const std::vector<std::pair<std::string, std::string>>& members);

// The members with a value; a `+` is a space. INVALID_ARGUMENT for a malformed escape and for a
// member that is there twice, which two readers could read differently (RFC 6749 §3.2).
absl::StatusOr<std::map<std::string, std::string>> DecodeUrlForm(absl::string_view text);

}  // namespace countersign
