#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/http/fetch.h"

namespace countersign::cli {

// Sends a request and waits for its answer; every HTTP status is OK.
using HttpCall = std::function<absl::StatusOr<http::FetchResponse>(http::FetchRequest)>;

// Calls that trust `ca_file` beside the system's certificates; "" for those alone. The user chose
// whom to call, so private addresses are allowed.
HttpCall MakeHttpCall(const std::string& ca_file);

}  // namespace countersign::cli
