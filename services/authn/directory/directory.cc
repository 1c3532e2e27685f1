#include "services/authn/directory/directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/directory/groups_claim.h"
#include "services/authn/directory/person_proof.h"
#include "services/authn/oidc/issuer_url.h"

namespace countersign::authn::directory {
namespace {

bool Contains(const std::vector<std::string>& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

void AddGroups(const std::vector<std::string>& more, std::vector<std::string>& groups) {
  for (const std::string& group : more) {
    if (!Contains(groups, group)) groups.push_back(group);
  }
}

void AddBuiltInAdmin(domain::Principal& principal) {
  principal.roles.push_back({domain::Role::kAdmin, {}});
  principal.roles.push_back({domain::Role::kAuditor, {}});
}

domain::Principal KeyPrincipal(const access_keys::KeyRecord& key) {
  domain::Principal principal;
  principal.issuer = std::string(kKeyIssuer);
  principal.subject = key.identity;
  principal.identity = key.identity;
  principal.expires_at = key.expires_at;
  return principal;
}

void ApplyIdentity(const domain::Identity& identity, domain::Principal& principal) {
  principal.identity = identity.name;
  principal.kind = identity.kind;
  principal.owner = identity.owner;
  AddGroups(identity.groups, principal.groups);
}

// The kind of a token's holder; `identity` is the matching Identity, or null. An Identity that
// names its subject takes precedence: an administrator has defined its kind. One that only requires
// claims does not make a program a person, and a token with an actor is never a person's.
void SetKind(const TokenIssuer& issuer, const jose::VerifiedToken& token,
             const domain::Identity* identity, domain::Principal& principal) {
  using domain::IdentityKind;
  if (identity == nullptr) {
    if (IsMarkedAsProgram(token)) principal.kind = IdentityKind::kService;
    if (ProvesPerson(issuer.profile, token)) principal.kind = IdentityKind::kHuman;
    return;
  }
  if (principal.kind != IdentityKind::kHuman) return;
  if (IsDelegated(token)) {
    principal.kind = IdentityKind::kAgent;
    if (principal.owner.empty()) principal.owner = identity->name;
  } else if (identity->match->subject.empty() && IsMarkedAsProgram(token)) {
    principal.kind = IdentityKind::kService;
  }
}

// The `typ` that a profile requires; "": JWT, at+jwt or none.
std::string PinnedType(domain::OidcProfile profile) {
  const bool pins =
      profile == domain::OidcProfile::kJwt || profile == domain::OidcProfile::kAccessToken;
  return pins ? std::string(domain::ToString(profile)) : "";
}

bool Matches(const domain::Identity::Match& match, const jose::VerifiedToken& token) {
  if (!match.subject.empty() && match.subject != token.subject) return false;
  return std::all_of(match.claims.begin(), match.claims.end(), [&](const auto& claim) {
    return ClaimMatches(FindClaim(token.claims(), claim.first), claim.second);
  });
}

// A greater value is more specific.
std::pair<bool, std::size_t> Specificity(const domain::Identity::Match& match) {
  return {!match.subject.empty(), match.claims.size()};
}

TokenIssuer MakeTokenIssuer(const domain::IdentityProvider& provider,
                            std::vector<std::string>& mistakes) {
  const domain::IdentityProvider::Oidc& oidc = *provider.oidc;
  const auto mistake = [&](absl::string_view path, absl::string_view what) {
    mistakes.push_back(
        absl::StrCat("IdentityProvider/", provider.name, ": spec.oidc.", path, ": ", what));
  };
  TokenIssuer issuer;
  issuer.provider = provider.name;
  issuer.jwks_uri = oidc.jwks_uri;
  issuer.groups_claim = oidc.groups_claim;
  issuer.expectations.issuer = oidc.issuer;
  issuer.expectations.audiences = oidc.audiences;
  issuer.expectations.type = PinnedType(oidc.profile);
  issuer.profile = oidc.profile;
  issuer.expectations.subject_claim = oidc.subject_claim;
  for (const std::string& name : oidc.algorithms) {
    const auto algorithm = crypto::SignatureAlgorithmFromString(name);
    if (algorithm == crypto::SignatureAlgorithm::kUnknown) {
      mistake("algorithms", absl::StrCat("\"", name, "\" is not accepted"));
    }
    issuer.expectations.algorithms.push_back(algorithm);
  }
  const absl::Status issuer_url = oidc::CheckIssuerUrl(oidc.issuer);
  if (!issuer_url.ok()) mistake("issuer", issuer_url.message());
  if (!oidc.jwks_uri.empty()) {
    const absl::Status jwks_url = oidc::CheckIssuerUrl(oidc.jwks_uri);
    if (!jwks_url.ok()) mistake("jwksUri", jwks_url.message());
  }
  return issuer;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Directory>> Directory::Compile(
    std::shared_ptr<const domain::ResourceSet> resources) {
  std::shared_ptr<Directory> directory(new Directory(std::move(resources)));
  std::vector<std::string> mistakes;
  for (const auto& [name, provider] : directory->resources_->identity_providers) {
    if (!provider.oidc) continue;
    TokenIssuer issuer = MakeTokenIssuer(provider, mistakes);
    if (const TokenIssuer* other = directory->FindIssuer(issuer.expectations.issuer)) {
      mistakes.push_back(absl::StrCat("IdentityProvider/", name,
                                      ": spec.oidc.issuer: is IdentityProvider/", other->provider,
                                      "'s already: a token could not tell which is meant"));
    }
    directory->issuers_.push_back(std::move(issuer));
  }
  for (const auto& [name, identity] : directory->resources_->identities) {
    if (!identity.match) continue;
    if (directory->resources_->identity_providers.count(identity.match->provider) == 0) {
      mistakes.push_back(absl::StrCat("Identity/", name, ": spec.match.provider: there is no ",
                                      "IdentityProvider \"", identity.match->provider, "\""));
    }
    directory->identities_by_provider_[identity.match->provider].push_back(&identity);
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
  return std::shared_ptr<const Directory>(std::move(directory));
}

const TokenIssuer* Directory::FindIssuer(absl::string_view issuer) const {
  const auto found = std::find_if(issuers_.begin(), issuers_.end(), [&](const TokenIssuer& known) {
    return known.expectations.issuer == issuer;
  });
  return found == issuers_.end() ? nullptr : &*found;
}

const domain::Identity* Directory::FindIdentity(absl::string_view name) const {
  const auto found = resources_->identities.find(std::string(name));
  return found == resources_->identities.end() ? nullptr : &found->second;
}

absl::StatusOr<domain::Principal> Directory::FromToken(const TokenIssuer& issuer,
                                                       const jose::VerifiedToken& token) const {
  domain::Principal principal;
  principal.issuer = token.issuer;
  principal.subject = token.subject;
  principal.expires_at = token.expires_at;
  CS_ASSIGN_OR_RETURN(principal.groups, ReadGroups(token.claims(), issuer.groups_claim));
  CS_ASSIGN_OR_RETURN(const domain::Identity* identity, Match(issuer, token));
  if (identity != nullptr) ApplyIdentity(*identity, principal);
  SetKind(issuer, token, identity, principal);
  domain::AddRoles(*resources_, principal);
  return principal;
}

absl::StatusOr<const domain::Identity*> Directory::Match(const TokenIssuer& issuer,
                                                         const jose::VerifiedToken& token) const {
  const auto candidates = identities_by_provider_.find(issuer.provider);
  const domain::Identity* best = nullptr;
  const domain::Identity* equal = nullptr;  // another one that is as specific as `best`
  if (candidates == identities_by_provider_.end()) return best;
  for (const domain::Identity* identity : candidates->second) {
    if (!Matches(*identity->match, token)) continue;
    if (best == nullptr || Specificity(*identity->match) > Specificity(*best->match)) {
      best = identity;
      equal = nullptr;
    } else if (Specificity(*identity->match) == Specificity(*best->match)) {
      equal = identity;
    }
  }
  if (equal != nullptr) return IdentityAmbiguous(best->name, equal->name);
  return best;
}

absl::Status Directory::CheckIdentity(const access_keys::KeyRecord& key) const {
  if (key.identity == kBuiltInAdmin) return absl::OkStatus();
  const domain::Identity* const identity = FindIdentity(key.identity);
  if (identity == nullptr) return IdentityUnknown(key.identity);
  if (key.identity_version != 0 && key.identity_version != identity->created_version) {
    return IdentityReplaced(key.identity);
  }
  return absl::OkStatus();
}

absl::StatusOr<domain::Principal> Directory::FromKey(const access_keys::KeyRecord& key) const {
  CS_RETURN_IF_ERROR(CheckIdentity(key));
  domain::Principal principal = KeyPrincipal(key);
  const domain::Identity* const identity = FindIdentity(key.identity);
  if (identity != nullptr) ApplyIdentity(*identity, principal);
  if (key.identity == kBuiltInAdmin) AddBuiltInAdmin(principal);
  domain::AddRoles(*resources_, principal);
  return principal;
}

absl::StatusOr<domain::Principal> Directory::FromKeyWithoutResources(
    const access_keys::KeyRecord& key) {
  if (key.identity != kBuiltInAdmin) return NotReady();
  domain::Principal principal = KeyPrincipal(key);
  AddBuiltInAdmin(principal);
  return principal;
}

}  // namespace countersign::authn::directory
