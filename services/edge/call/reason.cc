#include "services/edge/call/reason.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/dialects/dialect.h"

namespace countersign::edge::call {

Reason ToReason(const absl::Status& status) {
  static constexpr std::pair<absl::string_view, Reason> kReasons[] = {
      {"killed", Reason::kKilled},
      {"unknown_connection", Reason::kUnknownConnection},
      {dialects::kUnknownEvent, Reason::kUnknownEvent},
      {"upstream_unreachable", Reason::kUnreachable},
      {"review_exhausted", Reason::kGrantUsed},
      {"review_not_approved", Reason::kGrantUsed},
      {"too_many_reviews", Reason::kTooManyReviews},
      {"review_expired", Reason::kGrantExpired},
      {"review_revoked", Reason::kGrantRevoked},
  };
  const std::string text = GetReason(status);
  for (const auto& [name, reason] : kReasons) {
    if (name == text) return reason;
  }
  return Reason::kOther;
}

}  // namespace countersign::edge::call
