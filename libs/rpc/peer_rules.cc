#include "libs/rpc/peer_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace countersign::rpc {
namespace {

constexpr absl::string_view kTrustDomain = "spiffe://countersign/";

// For what tells nothing that a service may not know: operators use a service's certificate.
const std::vector<absl::string_view>& EveryService() {
  static const auto* services = new std::vector<absl::string_view>{
      "edge", "authn", "policy", "approval", "masking", "session-recorder"};
  return *services;
}

// The rule for `path`; null if there is none.
const PeerRule* RuleFor(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/")) return nullptr;
  const std::size_t slash = path.find('/');
  if (slash == absl::string_view::npos) return nullptr;
  const absl::string_view service = path.substr(0, slash);
  const absl::string_view method = path.substr(slash + 1);
  if (method.empty() || method == "*") return nullptr;
  for (const PeerRule& rule : PeerRules()) {
    if (rule.service == service && (rule.method == "*" || rule.method == method)) return &rule;
  }
  return nullptr;
}

}  // namespace

const std::vector<PeerRule>& PeerRules() {
  static const auto* rules = new std::vector<PeerRule>{
      {"countersign.authn.v1.AuthnService", "Authenticate", {"edge"}},
      {"countersign.authn.v1.AuthnService", "LeaseCredential", {"edge"}},
      {"countersign.authn.v1.AuthnService", "SealCredential", {"policy"}},
      {"countersign.authn.v1.AuthnService",
       "GetInternalKeys",
       {"edge", "policy", "approval", "masking", "session-recorder"}},
      {"countersign.authn.v1.AuthnService", "WatchRevocations", {"edge"}, true},
      {"countersign.authn.v1.TokenService", "ExchangeToken", {"edge"}},
      {"countersign.authn.v1.TokenService", "GetTokenKeys", {"edge"}},
      {"countersign.authn.v1.KeyService", "*", {"edge"}},
      {"countersign.authn.v1.IdentityService", "*", {"edge"}},

      {"countersign.policy.v1.PolicyService", "Decide", {"edge"}},
      {"countersign.policy.v1.ResourceService", "*", {"edge"}},
      {"countersign.policy.v1.ResourceFeedService",
       "Watch",
       {"edge", "authn", "approval", "masking"},
       true},

      {"countersign.approval.v1.ReviewGateService", "*", {"edge"}},
      {"countersign.approval.v1.ReviewLogService", "*", {"session-recorder"}},
      {"countersign.approval.v1.ReviewService", "WatchReviews", {"edge"}, true},
      {"countersign.approval.v1.ReviewService", "*", {"edge"}},

      {"countersign.masking.v1.MaskingService", "Mask", {"edge"}, true},

      {"countersign.recorder.v1.RecorderService", "Record", {"edge"}, true},
      {"countersign.recorder.v1.RecorderService", "GetReadiness", {"edge"}},
      {"countersign.recorder.v1.SessionService", "TailSession", {"edge"}, true},
      {"countersign.recorder.v1.SessionService", "*", {"edge"}},

      {"grpc.health.v1.Health", "Check", EveryService()},
      {"grpc.health.v1.Health", "Watch", EveryService(), true},
      {"grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", EveryService(), true},
  };
  return *rules;
}

bool PeerMayCall(absl::string_view caller, absl::string_view path) {
  const PeerRule* rule = RuleFor(path);
  return rule != nullptr && !caller.empty() &&
         std::find(rule->callers.begin(), rule->callers.end(), caller) != rule->callers.end();
}

bool NeedsDeadline(absl::string_view path) {
  const PeerRule* rule = RuleFor(path);
  return rule != nullptr && !rule->stream;
}

std::string SpiffeId(absl::string_view service) { return absl::StrCat(kTrustDomain, service); }

std::string ServiceFromSpiffeId(absl::string_view uri) {
  if (!absl::ConsumePrefix(&uri, kTrustDomain)) return "";
  const bool plain = std::all_of(uri.begin(), uri.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
  return plain ? std::string(uri) : "";
}

}  // namespace countersign::rpc
