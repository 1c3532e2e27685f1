#pragma once

#include <memory>
#include <optional>
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
  // Where the resources come from: the gateway, which gives all of them, or files, which may
  // contain policies only.
  struct Source {
    config::References references = config::References::kWithinFiles;
    bool is_gateway = false;
  };
  // INVALID_ARGUMENT with every mistake. The values of secrets are not needed.
  static absl::StatusOr<std::unique_ptr<OfflinePolicy>> Load(
      const std::vector<config::SourceFile>& files, const config::ExternalValues& values,
      const Source& source);

  // Why the gateway refuses before it asks the policies, as its caller is told.
  struct Refusal {
    std::string code;  // permission_denied, model_not_found
    std::string message;
  };
  struct Answer {
    domain::Principal who;
    domain::Prompt prompt;
    // With a refusal, the decision is a deny without a policy; the policies' results are kept.
    policy::rules::Explanation explanation;
    std::optional<Refusal> refusal;
  };
  // What the gateway would do with `question`; its expectation is ignored. The caller has the
  // question's groups, those of the Identity resource with that name, and the roles from bindings.
  // Files without a RoleBinding are for policies only: then a caller with an Identity or a group
  // may call. NOT_FOUND for an unknown connection.
  absl::StatusOr<Answer> Ask(const config::PolicyCase& question) const;

  struct Decided {
    domain::Decision decision;  // with a refusal, a deny without a policy
    std::optional<Refusal> refusal;
  };
  // What the gateway would do with `prompt` from `who`, who has the groups in it and gets the roles
  // from bindings. NOT_FOUND for an unknown connection. Thread-safe.
  absl::StatusOr<Decided> Decide(domain::Principal who, const std::string& connection,
                                 const domain::Prompt& prompt) const;

  const domain::ResourceSet& resources() const { return *snapshot_->resources; }

  // What the answer to `question` depends on but these resources do not define, in sentences.
  std::vector<std::string> Doubts(const config::PolicyCase& question) const;

 private:
  OfflinePolicy() = default;
  std::optional<Refusal> Refuse(const domain::Principal& who, const std::string& connection,
                                const std::string& model) const;

  const policy::rules::LocalTextEngine engine_;
  std::shared_ptr<const policy::rules::Snapshot> snapshot_;
  bool knows_roles_ = false;
};

// "deny by no-secrets", "deny: no policy matches", "deny: permission_denied: …".
std::string VerdictText(const OfflinePolicy::Answer& answer);

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
