#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/policy_cases.h"
#include "libs/config/resource_draft.h"
#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::cli::offline {

// Evaluates the policies of resource files locally, with the gateway's compiler, evaluator and text
// engine.
class OfflinePolicy {
 public:
  // INVALID_ARGUMENT lists every mistake. Values from environment variables are not needed.
  static absl::StatusOr<std::unique_ptr<OfflinePolicy>> Load(
      const std::vector<config::SourceFile>& files, config::ExternalValues values,
      config::References references);

  struct Answer {
    domain::Principal who;
    domain::Prompt prompt;
    policy::rules::Explanation explanation;
  };
  // The decision for `question`; its expectations are ignored. The identity has its own groups and
  // those of the Identity resource of that name, if there is one. NOT_FOUND for an unknown
  // connection.
  absl::StatusOr<Answer> Ask(const config::PolicyCase& question) const;

  // Likely mistakes in `question`, as sentences: an identity that no resource defines, a model that
  // the connection does not serve.
  std::vector<std::string> Doubts(const config::PolicyCase& question) const;

 private:
  OfflinePolicy() = default;
  const policy::rules::LocalTextEngine engine_;
  std::shared_ptr<const policy::rules::Snapshot> snapshot_;
};

// "keywords hipaa", "pattern …", "tokens 5210 tokens over 4000".
std::string ReasonText(const domain::Finding& finding);

struct CaseResult {
  std::string name;
  bool passed = false;
  std::string got;      // "deny by no-secrets", or the error
  std::string failure;  // the expectation that was not met; empty when passed
};

CaseResult RunCase(const OfflinePolicy& policies, const config::PolicyCase& one);

}  // namespace countersign::cli::offline
