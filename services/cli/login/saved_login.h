#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/secret.h"
#include "services/cli/http_call.h"
#include "services/cli/login/token_grant.h"

namespace countersign::cli::login {

// One sign-in at one gateway, as it is kept in the user's files (mode 0600).
struct SavedLogin {
  std::string provider;
  std::string issuer;
  std::string client_id;
  std::string token_endpoint;
  bool use_id_token = false;
  GrantedTokens tokens;
};

// The login at the gateway `url`. NOT_FOUND when there is none; INVALID_ARGUMENT when its file
// cannot be read.
absl::StatusOr<SavedLogin> ReadLogin(const std::string& url);
absl::Status WriteLogin(const std::string& url, const SavedLogin& login);
// Whether there was one.
absl::StatusOr<bool> RemoveLogin(const std::string& url);

// The token of the login at `url`, renewed when it is about to expire. Only one process at a time
// renews it: a provider may accept each refresh token once. NOT_FOUND when there is no login;
// UNAUTHENTICATED when it has ended.
absl::StatusOr<SecretString> UseLogin(const HttpCall& call, const std::string& url,
                                      const Clock& clock);

}  // namespace countersign::cli::login
