#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/gateway_client.h"

// Ids as users write them: whole, or as much of their beginning as names one thing.
namespace countersign::cli {

// The whole id of the review or session that `word` means. A whole id is returned as it is, without
// a question. NOT_FOUND when there is none, a misuse that lists some when there are several, or
// when a beginning of a session's id is shorter than 8 characters.
absl::StatusOr<std::string> FindReview(GatewayClient& gateway, const std::string& word);
absl::StatusOr<std::string> FindSession(GatewayClient& gateway, const std::string& word);

}  // namespace countersign::cli
