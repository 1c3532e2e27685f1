#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/edge/identity/token_backend.h"

// Requests and errors of an OAuth 2.0 token endpoint.
namespace countersign::edge::identity {

// A request and what its grant calls a refused credential.
struct TokenForm {
  domain::TokenRequest request;  // without a deadline
  std::string refusal = "invalid_grant";
};

// Reads a form of application/x-www-form-urlencoded. The grants are token exchange (RFC 8693),
// saml2-bearer (RFC 7522) and jwt-bearer (RFC 7523). Empty values count as absent; members that are
// not known are ignored. INVALID_ARGUMENT whose reason is OAuth's error code.
absl::StatusOr<TokenForm> ReadTokenForm(absl::string_view body);

struct TokenError {
  int http_status = 400;
  std::string body;
};

// The error for a caller: {"error", "error_description", "reason"}. `refusal` is the error code for
// a refused credential. Descriptions hold no characters that OAuth forbids in them.
TokenError MakeTokenError(const absl::Status& status, absl::string_view refusal);

// The answer for a token issued at `now`.
std::string TokenToJson(const domain::IssuedToken& token, absl::Time now);

}  // namespace countersign::edge::identity
