#include "services/authn/exchange/party.h"

#include <algorithm>
#include <string>
#include <utility>

#include "services/authn/authn_errors.h"

namespace countersign::authn::exchange {
namespace {

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool KnowsPersons(const domain::IdentityProvider& provider) {
  if (provider.saml) return provider.saml->signs_in_people;
  return provider.oidc && domain::KnowsPersons(provider.oidc->profile);
}

// Whether `provider` is still the one whose credential `party` had.
bool Speaks(const domain::IdentityProvider& provider, const directory::Directory& directory,
            const Party& party) {
  if (provider.oidc) return provider.oidc->issuer == party.issuer;
  for (const directory::SamlProvider& saml : directory.saml_providers()) {
    // The entityID of fetched metadata may not be configured; the cache pins it.
    if (saml.provider == provider.name) return saml.issuer.empty() || saml.issuer == party.issuer;
  }
  return false;
}

// What both may do: the grants of `a` on connections where `b` is a caller, too.
std::vector<domain::RoleGrant> CommonCallerGrants(const domain::Principal& a,
                                                  const domain::Principal& b) {
  std::vector<domain::RoleGrant> common;
  for (const domain::RoleGrant& one : a.roles) {
    if (one.role != domain::Role::kCaller) continue;
    for (const domain::RoleGrant& other : b.roles) {
      if (other.role != domain::Role::kCaller) continue;
      if (one.connections.empty() || other.connections.empty()) {
        common.push_back(one.connections.empty() ? other : one);
        continue;
      }
      domain::RoleGrant shared{domain::Role::kCaller, {}};
      for (const std::string& connection : one.connections) {
        if (Contains(other.connections, connection)) shared.connections.push_back(connection);
      }
      // Without connections a grant is for all of them.
      if (!shared.connections.empty()) common.push_back(std::move(shared));
    }
  }
  return common;
}

}  // namespace

Party MakeParty(const directory::Directory& directory, const domain::Principal& principal,
                const std::string& provider) {
  Party party;
  party.provider = provider;
  party.issuer = principal.issuer;
  party.subject = principal.subject;
  party.name = principal.name;
  party.identity = principal.identity;
  party.kind = principal.kind;
  party.owner = principal.owner;
  const domain::Identity* const identity = directory.FindIdentity(principal.identity);
  if (identity != nullptr) party.identity_version = identity->created_version;
  for (const std::string& group : principal.groups) {
    if (identity == nullptr || !Contains(identity->groups, group)) party.groups.push_back(group);
  }
  return party;
}

Party MakeParty(const domain::Principal& principal, const access_keys::KeyRecord& key) {
  Party party;
  party.key_id = key.id;
  party.issuer = principal.issuer;
  party.subject = principal.subject;
  party.identity = principal.identity;
  party.identity_version = key.identity_version;
  party.kind = principal.kind;
  return party;
}

absl::StatusOr<domain::Principal> FindPrincipal(const directory::Directory& directory,
                                                const Party& party) {
  const auto& providers = directory.resources().identity_providers;
  const auto provider = providers.find(party.provider);
  if (provider == providers.end() || !Speaks(provider->second, directory, party)) {
    return IssuerUnknown();
  }
  domain::Principal principal;
  principal.issuer = party.issuer;
  principal.subject = party.subject;
  principal.name = party.name;
  principal.identity = party.identity;
  principal.kind = party.kind;
  principal.owner = party.owner;
  principal.groups = party.groups;
  if (party.identity.empty()) {
    if (party.kind == domain::IdentityKind::kHuman && !KnowsPersons(provider->second)) {
      principal.kind = domain::IdentityKind::kUnspecified;
    }
  } else {
    const domain::Identity* const identity = directory.FindIdentity(party.identity);
    if (identity == nullptr) return IdentityUnknown(party.identity);
    if (identity->created_version != party.identity_version)
      return IdentityReplaced(party.identity);
    // What the credential was not when it was exchanged, it does not become.
    const bool human_then = party.kind == domain::IdentityKind::kHuman;
    if (human_then || identity->kind != domain::IdentityKind::kHuman)
      principal.kind = identity->kind;
    if (!identity->owner.empty()) principal.owner = identity->owner;
    for (const std::string& group : identity->groups) {
      if (!Contains(principal.groups, group)) principal.groups.push_back(group);
    }
  }
  domain::AddRoles(directory.resources(), principal);
  return principal;
}

void Delegate(const domain::Principal& actor, domain::Principal& subject) {
  subject.kind = domain::IdentityKind::kAgent;
  if (subject.owner.empty()) subject.owner = subject.identity;
  subject.actor = actor.DisplayName();
  subject.roles = CommonCallerGrants(subject, actor);
}

}  // namespace countersign::authn::exchange
