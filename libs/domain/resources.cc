#include "libs/domain/resources.h"

#include <algorithm>

#include <utility>

#include "libs/base/glob.h"

namespace countersign::domain {
namespace {

constexpr std::pair<OidcProfile, absl::string_view> kOidcProfiles[] = {
    {OidcProfile::kJwt, "JWT"},
    {OidcProfile::kAccessToken, "at+jwt"},
    {OidcProfile::kSignedIn, "auth-time"},
    {OidcProfile::kAuth0, "auth0"},
    {OidcProfile::kEntra, "entra"},
    {OidcProfile::kGoogle, "google"},
    {OidcProfile::kKeycloak, "keycloak"},
    {OidcProfile::kOkta, "okta"},
};

}  // namespace

absl::string_view ToString(OidcProfile profile) {
  for (const auto& [known, name] : kOidcProfiles) {
    if (known == profile) return name;
  }
  return "";
}

OidcProfile OidcProfileFromString(absl::string_view text) {
  for (const auto& [profile, name] : kOidcProfiles) {
    if (name == text) return profile;
  }
  return OidcProfile::kAny;
}

bool KnowsPersons(OidcProfile profile) {
  switch (profile) {
    case OidcProfile::kAny:
    case OidcProfile::kJwt:
    case OidcProfile::kAccessToken: return false;
    case OidcProfile::kSignedIn:
    case OidcProfile::kAuth0:
    case OidcProfile::kEntra:
    case OidcProfile::kGoogle:
    case OidcProfile::kKeycloak:
    case OidcProfile::kOkta: return true;
  }
  return false;
}

bool ServesModel(const Connection& connection, absl::string_view model) {
  return connection.models.empty() ||
         std::any_of(connection.models.begin(), connection.models.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, model); });
}

void AddRoles(const ResourceSet& resources, Principal& principal) {
  const auto contains = [](const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const auto& [name, binding] : resources.role_bindings) {
    const bool by_identity =
        !principal.identity.empty() && contains(binding.identities, principal.identity);
    const bool by_group =
        std::any_of(principal.groups.begin(), principal.groups.end(),
                    [&](const std::string& group) { return contains(binding.groups, group); });
    if (by_identity || by_group) principal.roles.push_back({binding.role, binding.connections});
  }
}

}  // namespace countersign::domain
