#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"

namespace countersign::edge::identity {

// The metadata of this gateway as a SAML service provider, for the IdentityProvider that `query`
// names (`provider=NAME`), or the only one with SAML. Its entityID is the provider's audience, and
// its assertion consumer services are the provider's recipients, or the token endpoint at `host`
// when it has none (RFC 7522, section 3). NOT_FOUND says which provider is missing.
absl::StatusOr<std::string> ServiceProviderMetadata(const domain::ResourceSet& resources,
                                                    absl::string_view query,
                                                    absl::string_view host);

}  // namespace countersign::edge::identity
