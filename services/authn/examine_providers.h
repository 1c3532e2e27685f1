#pragma once

#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "services/authn/directory/directory.h"
#include "services/authn/oidc/jwks_caches.h"
#include "services/authn/oidc/url_fetcher.h"

namespace countersign::authn {

// Looks at the first 64 OIDC and the first 64 SAML providers of `directory`. Keys are fetched into
// `jwks` unless that was done a moment ago; metadata that a SAML provider serves is fetched and
// read, without being used. Blocks for up to `timeout`; what answers later may still use `fetcher`
// and `clock`.
std::vector<HealthCheck> ExamineProviders(const directory::Directory& directory,
                                          oidc::JwksCaches& jwks, oidc::UrlFetcher& fetcher,
                                          const Clock& clock, absl::Duration timeout);

}  // namespace countersign::authn
