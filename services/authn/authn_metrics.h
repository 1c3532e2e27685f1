#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/metrics/metrics.h"
#include "services/authn/credential_kind.h"
#include "services/authn/oidc/jwks_caches.h"

namespace countersign::authn {

// countersign_authn_total{method, result}: method is none, oidc, saml or key; result is `ok` or the
// reason of the refusal. countersign_jwks_age_seconds{provider}: time since the keys were last
// fetched.
class AuthnMetrics {
 public:
  // Both must outlive the registry's last exposition.
  AuthnMetrics(metrics::Registry& registry, const oidc::JwksCaches& jwks);

  void Count(CredentialKind kind, const absl::Status& result) const;

 private:
  metrics::CounterFamily total_;
  metrics::GaugeFamily jwks_age_;
};

}  // namespace countersign::authn
