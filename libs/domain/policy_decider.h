#pragma once

#include <memory>
#include <string>

#include "libs/domain/call.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"

namespace countersign::domain {

// Decides about a call (step 6 of the pipeline). Thread-safe.
class PolicyDecider {
 public:
  virtual ~PolicyDecider() = default;
  virtual void Decide(const Call& call, const std::string& connection,
                      std::shared_ptr<const Prompt> prompt, absl::Time deadline,
                      Done<Decision> done) = 0;
};

}  // namespace countersign::domain
