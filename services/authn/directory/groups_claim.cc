#include "services/authn/directory/groups_claim.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"

namespace countersign::authn::directory {
namespace {

absl::Status AddGroup(json::Value value, absl::string_view claim, std::vector<std::string>& out) {
  if (!value.is(json::Type::kString)) {
    return GroupsMalformed(absl::StrCat("the token's `", claim, "` is not a list of strings"));
  }
  if (value.text().empty() || value.text().size() > kMaxGroupBytes) {
    return GroupsMalformed(
        absl::StrCat("a group in the token's `", claim, "` is empty or too long"));
  }
  if (absl::StrContains(value.text(), '\0')) {
    return GroupsMalformed(
        absl::StrCat("a group in the token's `", claim, "` holds a NUL character"));
  }
  std::string group(value.text());
  if (std::find(out.begin(), out.end(), group) == out.end()) out.push_back(std::move(group));
  return absl::OkStatus();
}

bool SaysOverage(json::Value claims, absl::string_view claim) {
  const json::Value has_groups = claims["hasgroups"];
  if (has_groups.boolean().value_or(false) || has_groups.text() == "true") return true;
  return claims["_claim_names"][claim].exists();
}

}  // namespace

json::Value FindClaim(json::Value claims, absl::string_view name) {
  const json::Value direct = claims[name];
  if (direct.exists()) return direct;
  json::Value at = claims;
  for (const absl::string_view step : absl::StrSplit(name, '.')) {
    if (!at.is(json::Type::kObject)) return {};
    at = at[step];
  }
  return at;
}

absl::StatusOr<std::vector<std::string>> ReadGroups(json::Value claims, absl::string_view claim) {
  std::vector<std::string> groups;
  const json::Value value = FindClaim(claims, claim);
  if (!value.exists()) {
    if (SaysOverage(claims, claim)) return GroupsOverage();
    return groups;
  }
  if (!value.is(json::Type::kArray)) {
    CS_RETURN_IF_ERROR(AddGroup(value, claim, groups));
    return groups;
  }
  if (value.size() > kMaxGroups) {
    return GroupsMalformed(absl::StrCat("the token names over ", kMaxGroups, " groups"));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    CS_RETURN_IF_ERROR(AddGroup(value.at(i), claim, groups));
  }
  return groups;
}

bool ClaimMatches(json::Value claim, absl::string_view expected) {
  switch (claim.type()) {
    case json::Type::kString: return claim.text() == expected;
    case json::Type::kBool: return expected == (*claim.boolean() ? "true" : "false");
    case json::Type::kNumber:
      return claim.integer().has_value() && expected == absl::StrCat(*claim.integer());
    case json::Type::kArray:
      for (std::size_t i = 0; i < claim.size(); ++i) {
        if (!claim.at(i).is(json::Type::kArray) && ClaimMatches(claim.at(i), expected)) return true;
      }
      return false;
    case json::Type::kNull:
    case json::Type::kObject: break;
  }
  return false;
}

}  // namespace countersign::authn::directory
