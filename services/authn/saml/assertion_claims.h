#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/authn/saml/assertion.h"
#include "services/authn/saml/xml_document.h"

// What Responses and Assertions say, and the checks of it. Signatures are checked by the caller.
namespace countersign::authn::saml {

// saml_status unless the Response's top status is Success.
absl::Status CheckStatus(Element response);

// Version, issuer, status, Destination and InResponseTo of a Response.
absl::Status CheckResponse(Element response, const std::string& issuer,
                           const Expectations& expectations);

// Reads `assertion` and checks it at `now`, as VerifyMessage describes it.
absl::StatusOr<Assertion> ReadAssertion(Element assertion, const std::string& issuer,
                                        const Expectations& expectations, absl::Time now);

}  // namespace countersign::authn::saml
