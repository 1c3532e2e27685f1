#include "services/authn/authn_metrics.h"

#include <string>

#include "absl/strings/ascii.h"
#include "libs/base/status.h"

namespace countersign::authn {
namespace {

absl::string_view MethodName(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::kToken: return "oidc";
    case CredentialKind::kSamlAssertion: return "saml";
    case CredentialKind::kAccessKey: return "key";
    case CredentialKind::kNone: break;
  }
  return "none";
}

}  // namespace

AuthnMetrics::AuthnMetrics(metrics::Registry& registry, const oidc::JwksCaches& jwks)
    : total_(registry.Counters("countersign_authn_total", "Credentials that were judged",
                               {"method", "result"})),
      jwks_age_(registry.Gauges("countersign_jwks_age_seconds",
                                "Time since an issuer's keys were fetched", {"provider"})) {
  registry.BeforeExpose([&jwks, gauge = jwks_age_] {
    for (const auto& [provider, age] : jwks.Ages()) {
      gauge.With({provider}).Set(absl::ToDoubleSeconds(age));
    }
  });
}

void AuthnMetrics::Count(CredentialKind kind, const absl::Status& result) const {
  std::string name = result.ok() ? "ok" : GetReason(result);
  if (name.empty()) name = absl::AsciiStrToLower(absl::StatusCodeToString(result.code()));
  total_.With({MethodName(kind), name}).Increment();
}

}  // namespace countersign::authn
