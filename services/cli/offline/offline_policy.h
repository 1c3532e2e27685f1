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

// The policies of resource files, deciding here as they would in the gateway: the same compiler,
// evaluator and text engine.
class OfflinePolicy {
 public:
  // INVALID_ARGUMENT with every mistake. Values of environment variables are not needed.
  static absl::StatusOr<std::unique_ptr<OfflinePolicy>> Load(
      const std::vector<config::SourceFile>& files, config::ExternalValues values,
      config::References references);

  struct Answer {
    domain::Principal who;
    domain::Prompt prompt;
    policy::rules::Explanation explanation;
  };
  // What becomes of `question`; what it expects is not looked at. Its identity has the groups of
  // the Identity resource of that name, if there is one, beside its own. NOT_FOUND for an unknown
  // connection.
  absl::StatusOr<Answer> Ask(const config::PolicyCase& question) const;

  // What about `question` is probably not meant, in sentences: an identity that is in no resource,
  // a model that the connection does not serve.
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
  std::string got;      // "deny by no-secrets", or why there is no answer
  std::string failure;  // what was expected instead; empty when passed
};

CaseResult RunCase(const OfflinePolicy& policies, const config::PolicyCase& one);

}  // namespace countersign::cli::offline
