#include "services/authn/directory/directory.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/directory/attribute_claims.h"
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

// The kind of an assertion's subject, by the same rules. An assertion without AuthnStatement is no
// sign-in.
void SetKind(const SamlProvider& provider, const saml::Assertion& assertion,
             const jose::VerifiedToken& token, const domain::Identity* identity,
             domain::Principal& principal) {
  using domain::IdentityKind;
  const bool program = IsMarkedAsProgram(token);
  const bool signed_in = assertion.sign_in.has_value() && !program;
  if (identity == nullptr) {
    if (program) principal.kind = IdentityKind::kService;
    if (signed_in && provider.signs_in_people) principal.kind = IdentityKind::kHuman;
  } else if (principal.kind == IdentityKind::kHuman && identity->match->subject.empty() &&
             !signed_in) {
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

std::string ReadName(json::Value claim) { return DisplayableName(claim.text()); }

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
  issuer.name_claim = oidc.name_claim;
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

void ReadMetadata(const domain::IdentityProvider::Saml& saml, SamlProvider& out,
                  const std::function<void(absl::string_view, absl::string_view)>& mistake) {
  if (!saml.metadata_url.empty()) {
    const absl::Status url =
        oidc::CheckIssuerUrl(saml.metadata_url.substr(0, saml.metadata_url.find('?')));
    if (!url.ok()) mistake("metadataUrl", url.message());
    return;
  }
  auto metadata = saml::ParseMetadata(saml.metadata);
  if (!metadata.ok()) return mistake("metadata", metadata.status().message());
  if (!saml.issuer.empty() && metadata->entity_id != saml.issuer) {
    mistake("issuer", absl::StrCat("the metadata is of another provider: its entityID is \"",
                                   metadata->entity_id, "\""));
  }
  out.issuer = metadata->entity_id;
  out.metadata = std::make_shared<const saml::IdpMetadata>(*std::move(metadata));
}

SamlProvider MakeSamlProvider(const domain::IdentityProvider& provider,
                              std::vector<std::string>& mistakes) {
  const domain::IdentityProvider::Saml& saml = *provider.saml;
  SamlProvider out;
  out.provider = provider.name;
  out.expectations.audience = saml.audience;
  out.expectations.recipients = saml.recipients;
  out.metadata_url = saml.metadata_url;
  out.issuer = saml.issuer;
  out.groups_attribute = saml.groups_attribute;
  out.subject_attribute = saml.subject_attribute;
  out.name_attribute = saml.name_attribute;
  out.signs_in_people = saml.signs_in_people;
  ReadMetadata(saml, out, [&](absl::string_view path, absl::string_view what) {
    mistakes.push_back(
        absl::StrCat("IdentityProvider/", provider.name, ": spec.saml.", path, ": ", what));
  });
  return out;
}

}  // namespace

void Directory::AddProvider(const domain::IdentityProvider& provider,
                            std::vector<std::string>& mistakes) {
  // The principals of two providers with one issuer could not be told apart.
  const auto check_issuer = [&](const std::string& issuer, absl::string_view path) {
    const TokenIssuer* const token_issuer = FindIssuer(issuer);
    const SamlProvider* const saml_provider = FindSamlProvider(issuer);
    if (token_issuer == nullptr && saml_provider == nullptr) return;
    mistakes.push_back(
        absl::StrCat("IdentityProvider/", provider.name, ": ", path, ": is IdentityProvider/",
                     token_issuer != nullptr ? token_issuer->provider : saml_provider->provider,
                     "'s already: a token could not tell which is meant"));
  };
  if (provider.oidc) {
    TokenIssuer issuer = MakeTokenIssuer(provider, mistakes);
    check_issuer(issuer.expectations.issuer, "spec.oidc.issuer");
    issuers_.push_back(std::move(issuer));
  }
  if (provider.saml) {
    SamlProvider saml = MakeSamlProvider(provider, mistakes);
    check_issuer(saml.issuer, saml.metadata == nullptr ? "spec.saml.issuer" : "spec.saml.metadata");
    saml_providers_.push_back(std::move(saml));
  }
}

absl::StatusOr<std::shared_ptr<const Directory>> Directory::Compile(
    std::shared_ptr<const domain::ResourceSet> resources) {
  std::shared_ptr<Directory> directory(new Directory(std::move(resources)));
  std::vector<std::string> mistakes;
  for (const auto& [name, provider] : directory->resources_->identity_providers) {
    directory->AddProvider(provider, mistakes);
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

const SamlProvider* Directory::FindSamlProvider(absl::string_view issuer) const {
  if (issuer.empty()) return nullptr;
  const auto found =
      std::find_if(saml_providers_.begin(), saml_providers_.end(),
                   [&](const SamlProvider& known) { return known.issuer == issuer; });
  return found == saml_providers_.end() ? nullptr : &*found;
}

const domain::Identity* Directory::FindIdentity(absl::string_view name) const {
  const auto found = resources_->identities.find(std::string(name));
  return found == resources_->identities.end() ? nullptr : &found->second;
}

absl::StatusOr<domain::Principal> Directory::FromToken(const TokenIssuer& issuer,
                                                       const jose::VerifiedToken& token) const {
  CS_ASSIGN_OR_RETURN(Matched matched, MatchToken(issuer.provider, issuer.groups_claim, token));
  matched.principal.name = ReadName(FindClaim(token.claims(), issuer.name_claim));
  SetKind(issuer, token, matched.identity, matched.principal);
  domain::AddRoles(*resources_, matched.principal);
  return std::move(matched.principal);
}

absl::StatusOr<domain::Principal> Directory::FromAssertion(const SamlProvider& provider,
                                                           const saml::Assertion& assertion) const {
  CS_ASSIGN_OR_RETURN(const jose::VerifiedToken token,
                      ClaimsOfAssertion(assertion, provider.subject_attribute));
  CS_ASSIGN_OR_RETURN(Matched matched,
                      MatchToken(provider.provider, provider.groups_attribute, token));
  const auto name = assertion.attributes.find(provider.name_attribute);
  if (name != assertion.attributes.end() && !name->second.empty()) {
    matched.principal.name = DisplayableName(name->second[0]);
  }
  SetKind(provider, assertion, token, matched.identity, matched.principal);
  domain::AddRoles(*resources_, matched.principal);
  return std::move(matched.principal);
}

absl::StatusOr<Directory::Matched> Directory::MatchToken(const std::string& provider,
                                                         const std::string& groups_claim,
                                                         const jose::VerifiedToken& token) const {
  Matched matched;
  matched.principal.issuer = token.issuer;
  matched.principal.subject = token.subject;
  matched.principal.expires_at = token.expires_at;
  CS_ASSIGN_OR_RETURN(matched.principal.groups, ReadGroups(token.claims(), groups_claim));
  CS_ASSIGN_OR_RETURN(matched.identity, Match(provider, token));
  if (matched.identity != nullptr) ApplyIdentity(*matched.identity, matched.principal);
  return matched;
}

absl::StatusOr<const domain::Identity*> Directory::Match(const std::string& provider,
                                                         const jose::VerifiedToken& token) const {
  const auto candidates = identities_by_provider_.find(provider);
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
