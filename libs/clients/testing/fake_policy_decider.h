#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/clients/testing/answers.h"
#include "libs/domain/policy_decider.h"

namespace countersign::clients {

// Denies unless scripted otherwise, and records its queries. Thread-safe.
class FakePolicyDecider final : public domain::PolicyDecider {
 public:
  Answers<domain::Decision> decide{[] { return domain::Decision(); }};

  // Allows every call, with masking profile `masking`.
  void AllowAll(const std::string& masking = "none") {
    decide.Always([masking] {
      domain::Decision decision;
      decision.verdict = domain::Verdict::kAllow;
      decision.policy = "allow-all";
      decision.masking_profile = masking;
      return decision;
    });
  }
  std::vector<std::shared_ptr<const domain::Prompt>> asked() const {
    const MutexLock lock(mutex_);
    return asked_;
  }

  // The verdicts that calls said to have got before.
  std::vector<std::optional<domain::Verdict>> verdicts_before() const {
    const MutexLock lock(mutex_);
    return verdicts_before_;
  }

  void Decide(const domain::Call&, domain::DecisionRequest request, absl::Time,
              domain::Done<domain::Decision> done) override {
    {
      const MutexLock lock(mutex_);
      asked_.push_back(std::move(request.prompt));
      verdicts_before_.push_back(request.verdict_before);
    }
    decide.Give(std::move(done));
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const domain::Prompt>> asked_ CS_GUARDED_BY(mutex_);
  std::vector<std::optional<domain::Verdict>> verdicts_before_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::clients
