#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::authn::oidc {

// OK for a URL that keys or discovery may be read from: https, or http to a literal loopback
// address; a host, no user information, query or fragment. INVALID_ARGUMENT says what is wrong.
absl::Status CheckIssuerUrl(absl::string_view url);

// `issuer` ‖ /.well-known/openid-configuration (OpenID Connect Discovery §4).
std::string DiscoveryUrl(absl::string_view issuer);

// True when both URLs have the same scheme, host and port.
bool SameOrigin(absl::string_view a, absl::string_view b);

// True when the URL's host is an IP address or `localhost`.
bool HostIsLiteral(absl::string_view url);

// The `jwks_uri` of a discovery document. Refused when the document's `issuer` is not `issuer`,
// byte for byte (else one issuer could speak for another), or when its `jwks_uri` is not such a
// URL, or names a literal address that the resource does not.
absl::StatusOr<std::string> JwksUriFromDiscovery(absl::string_view body, absl::string_view issuer);

}  // namespace countersign::authn::oidc
