#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

  void Decide(const domain::Call&, const std::string&, std::shared_ptr<const domain::Prompt> prompt,
              absl::Time, domain::Done<domain::Decision> done) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      asked_.push_back(std::move(prompt));
    }
    decide.Give(std::move(done));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const domain::Prompt>> asked_;
};

}  // namespace countersign::clients
