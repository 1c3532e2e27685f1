#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/domain/call.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"

namespace countersign::domain {

// A call that needs a decision.
struct DecisionRequest {
  std::string connection;
  std::shared_ptr<const Prompt> prompt;
  // The verdict that the same call got before, when it is asked about again. The same verdict once
  // more is not counted as another decision.
  std::optional<Verdict> verdict_before = std::nullopt;
};

// Decides about a call (step 6 of the pipeline). Thread-safe.
class PolicyDecider {
 public:
  virtual ~PolicyDecider() = default;
  virtual void Decide(const Call& call, DecisionRequest request, absl::Time deadline,
                      Done<Decision> done) = 0;
};

}  // namespace countersign::domain
