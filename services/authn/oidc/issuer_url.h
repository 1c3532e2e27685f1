#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::authn::oidc {

// OK for a URL from which keys or a discovery document may be fetched: https, or http to a literal
// loopback address; with a host and without user information, query or fragment. INVALID_ARGUMENT
// says what is wrong.
absl::Status CheckIssuerUrl(absl::string_view url);

// `issuer` followed by /.well-known/openid-configuration (OpenID Connect Discovery §4).
std::string DiscoveryUrl(absl::string_view issuer);

// True when both URLs have the same scheme, host and port.
bool SameOrigin(absl::string_view a, absl::string_view b);

// True when the URL's host is an IP address or `localhost`.
bool HostIsLiteral(absl::string_view url);

// The `jwks_uri` of a discovery document. Refused when the document's `issuer` differs from
// `issuer` in any byte (otherwise one issuer could speak for another), when CheckIssuerUrl refuses
// the `jwks_uri`, or when that is a literal address that the resource does not contain.
absl::StatusOr<std::string> JwksUriFromDiscovery(absl::string_view body, absl::string_view issuer);

}  // namespace countersign::authn::oidc
