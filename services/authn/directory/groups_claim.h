#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::authn::directory {

inline constexpr std::size_t kMaxGroups = 500;
inline constexpr std::size_t kMaxGroupBytes = 256;

// The claim of this name; if there is none, the claim at this dotted path ("realm_access.roles").
json::Value FindClaim(json::Value claims, absl::string_view name);

// The groups in a verified token: an array of strings or one string, without duplicates; empty when
// the claim is absent. UNAUTHENTICATED `groups_overage` when the issuer says that it omitted them
// (`_claim_names` or `hasgroups`, as Entra does above 200); `groups_malformed` when the claim has
// another form or is too large. Unknown groups are never treated as "no groups".
absl::StatusOr<std::vector<std::string>> ReadGroups(json::Value claims, absl::string_view claim);

// True when the claim equals `expected` as text, or is an array that contains it.
bool ClaimMatches(json::Value claim, absl::string_view expected);

}  // namespace countersign::authn::directory
