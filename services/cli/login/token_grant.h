#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "services/cli/http_call.h"
#include "services/cli/token_client.h"

namespace countersign::cli::login {

// What a provider gave for one sign-in.
struct GrantedTokens {
  SecretString token;          // the one that calls carry
  SecretString refresh_token;  // empty: the provider gives none
  absl::Time expires_at;
};

// Sends `form` to a provider's endpoint and returns the answer's object. When the provider refuses,
// the error has its code as reason (RFC 6749 §5.2, RFC 8628 §3.5: "authorization_pending").
absl::StatusOr<json::Document> PostForm(const HttpCall& call, const std::string& endpoint,
                                        const FormMembers& form);

// Asks the token endpoint, as PostForm does. `use_id_token`: calls carry the ID token.
absl::StatusOr<GrantedTokens> RequestGrant(const HttpCall& call, const std::string& endpoint,
                                           const FormMembers& form, bool use_id_token,
                                           absl::Time now);

}  // namespace countersign::cli::login
