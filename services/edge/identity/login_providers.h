#pragma once

#include <string>

#include "libs/domain/resources.h"

namespace countersign::edge::identity {

// What a command line must know before its user has a credential: the IdentityProviders with
// `oidc.login`, as {"providers": [{"name", "issuer", "clientId", "scopes": […], "token"}]}, where
// `token` is accessToken or idToken. Nothing of it is a secret: each sign-in shows the same.
std::string LoginProvidersToJson(const domain::ResourceSet& resources);

}  // namespace countersign::edge::identity
