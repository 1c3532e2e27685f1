#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/http_call.h"

namespace countersign::cli::login {

// An identity provider that people can sign in with.
struct LoginProvider {
  std::string name;  // of the IdentityProvider
  std::string issuer;
  std::string client_id;
  std::vector<std::string> scopes;
  bool use_id_token = false;  // calls carry the ID token, otherwise the access token
};

// Where a provider answers. Each is https, or http to this machine; "" when it has none.
struct ProviderEndpoints {
  std::string authorization;
  std::string device_authorization;
  std::string token;  // never empty
};

// Asks the gateway at `url` for its providers, without a credential. UNAVAILABLE when it cannot be
// reached.
absl::StatusOr<std::vector<LoginProvider>> ListLoginProviders(const HttpCall& call,
                                                              const std::string& url);

// The provider `name`, or the only one when `name` is empty. NOT_FOUND and a misuse say which there
// are.
absl::StatusOr<LoginProvider> ChooseProvider(std::vector<LoginProvider> providers,
                                             const std::string& name);

// Reads the discovery document of `issuer` (OpenID Connect Discovery §4). INVALID_ARGUMENT when it
// is another issuer's or cannot be read.
absl::StatusOr<ProviderEndpoints> DiscoverEndpoints(const HttpCall& call,
                                                    const std::string& issuer);

}  // namespace countersign::cli::login
