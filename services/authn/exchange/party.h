#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/principal.h"
#include "services/authn/directory/directory.h"
#include "services/authn/exchange/caller_token.h"

// From principals to the parties of tokens, and back by the resources of that moment.
namespace countersign::authn::exchange {

// The party that `principal`, of a token or an assertion of `provider`, is.
Party MakeParty(const directory::Directory& directory, const domain::Principal& principal,
                const std::string& provider);

// The same for an access key.
Party MakeParty(const domain::Principal& principal, const access_keys::KeyRecord& key);

// The principal, with its current roles, that a party of a provider's credential is by `directory`.
// UNAUTHENTICATED: `issuer_unknown` when the provider is gone or is another's now,
// `identity_unknown` or `identity_replaced` when its Identity is gone.
absl::StatusOr<domain::Principal> FindPrincipal(const directory::Directory& directory,
                                                const Party& party);

// Makes the principal of `subject` that of its agent: of the kind agent, owned by the subject, with
// the roles caller alone that the latest actor has too. An agent neither votes nor administers.
void Delegate(const domain::Principal& actor, domain::Principal& subject);

}  // namespace countersign::authn::exchange
