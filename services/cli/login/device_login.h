#pragma once

#include "absl/status/statusor.h"
#include "services/cli/login/login_provider.h"
#include "services/cli/login/login_session.h"
#include "services/cli/login/token_grant.h"

namespace countersign::cli::login {

// Device authorization (RFC 8628): tells the user which address to open, on any device, and which
// code to enter there, and waits until that has happened. FAILED_PRECONDITION when the provider has
// no such endpoint, UNAUTHENTICATED when the user refuses or the code expires.
absl::StatusOr<GrantedTokens> LogInByDevice(LoginSession& session, const LoginProvider& provider,
                                            const ProviderEndpoints& endpoints);

}  // namespace countersign::cli::login
