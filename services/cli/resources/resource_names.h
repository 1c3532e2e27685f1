#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"

// Resources as users name them: "policies", "policy default", "policy/default".
namespace countersign::cli::resources {

struct ResourceName {
  std::string kind;  // one of config::Kinds()
  std::string name;  // empty: all of the kind
};

// The resources that `words` mean: KIND, KIND NAME…, KIND,KIND, all, or KIND/NAME…. A misuse that
// says which word is none.
absl::StatusOr<std::vector<ResourceName>> ReadResourceNames(const std::vector<std::string>& words);

// The same where every resource must be named.
absl::StatusOr<std::vector<ResourceName>> ReadFullResourceNames(
    const std::vector<std::string>& words);

// Whether the first of such words names kinds.
absl::Status CheckKindWord(const std::string& word);

// "One of IdentityProvider, …; plural and lower case do".
std::string KindsHelp();

// `missing`, with the name of the same kind that `wanted` probably means.
absl::Status SuggestName(GatewayClient& gateway, const ResourceName& wanted,
                         const absl::Status& missing);

// Asks the gateway for them: a listing. NOT_FOUND for a name that it does not have suggests one.
absl::StatusOr<json::Document> GetResources(GatewayClient& gateway, const ResourceName& wanted);

}  // namespace countersign::cli::resources
