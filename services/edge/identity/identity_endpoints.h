#pragma once

#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/identity/token_backend.h"

// What callers need in order to get a credential. These endpoints need none.
namespace countersign::edge::identity {

// POST /oauth2/token: a token in exchange for credentials (token_form.h).
// GET /.well-known/jwks.json: the keys that verify such tokens.
// GET /.well-known/countersign-login: where people can sign in (login_providers.h).
// GET /saml/metadata: this gateway as a SAML service provider (service_provider.h).
bool IsIdentityPath(absl::string_view path);

// Answers one of them; with 404 if `backend` is null and is needed.
async::Awaitable<void> ServeIdentity(const call::CallContext& context, TokenBackend* backend);

}  // namespace countersign::edge::identity
