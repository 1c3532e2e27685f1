#include "services/policy/verdict_names.h"

namespace countersign::policy {

absl::string_view VerdictName(domain::Verdict verdict) {
  switch (verdict) {
    case domain::Verdict::kAllow: return "allow";
    case domain::Verdict::kReview: return "review";
    case domain::Verdict::kDeny: return "deny";
  }
  return "deny";
}

absl::string_view RecordingName(domain::Recording recording) {
  return recording == domain::Recording::kOrdered ? "ordered" : "strict";
}

}  // namespace countersign::policy
