#pragma once

#include "absl/strings/string_view.h"
#include "libs/domain/decision.h"

namespace countersign::policy {

// "allow", "deny", "review": on the wire, in metrics and in what people read.
absl::string_view VerdictName(domain::Verdict verdict);
absl::string_view RecordingName(domain::Recording recording);  // "strict", "ordered"

}  // namespace countersign::policy
