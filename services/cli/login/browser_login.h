#pragma once

#include "absl/status/statusor.h"
#include "services/cli/login/login_provider.h"
#include "services/cli/login/login_session.h"
#include "services/cli/login/token_grant.h"

namespace countersign::cli::login {

// Authorization code with PKCE (RFC 7636), with a redirect to this machine (RFC 8252): opens the
// provider's page in a browser, or lets the user open it, and waits for at most five minutes.
// FAILED_PRECONDITION when the provider has no such endpoint; UNAUTHENTICATED when the user or the
// provider refuses, or when the answer belongs to another sign-in.
absl::StatusOr<GrantedTokens> LogInByBrowser(LoginSession& session, const LoginProvider& provider,
                                             const ProviderEndpoints& endpoints);

}  // namespace countersign::cli::login
