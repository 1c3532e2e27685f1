#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/jose/jwt.h"
#include "services/authn/saml/assertion.h"

namespace countersign::authn::directory {

inline constexpr std::size_t kMaxNameBytes = 256;

// A verified assertion in the form of a verified token, so that the same rules match it. Each
// attribute is a claim of its Name, a list of its values; beside them are the strings
// `nameIdFormat` and `authnContextClassRef`, which no attribute can replace.
//
// The subject is the only value of `subject_attribute`, or of the NameID when that is "".
// UNAUTHENTICATED: `saml_subject` when the attribute does not have exactly one value, or when the
// NameID is transient: such a name is another one at each sign-in, so that one person could vote
// twice. `groups_overage` when the provider says that it left the groups out (Entra, above 150).
absl::StatusOr<jose::VerifiedToken> ClaimsOfAssertion(const saml::Assertion& assertion,
                                                      const std::string& subject_attribute);

// A name that an issuer wrote, for display; "" when it is not UTF-8 of at most kMaxNameBytes
// without control characters.
std::string DisplayableName(absl::string_view name);

}  // namespace countersign::authn::directory
