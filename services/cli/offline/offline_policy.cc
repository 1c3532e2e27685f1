#include "services/cli/offline/offline_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/glob.h"
#include "libs/base/status.h"
#include "services/policy/rules/rule_compiler.h"

namespace countersign::cli::offline {

absl::StatusOr<std::unique_ptr<OfflinePolicy>> OfflinePolicy::Load(
    const std::vector<config::SourceFile>& files, config::ExternalValues values,
    config::References references) {
  // Policies do not need secrets, and where policies are tested the secrets are usually not set.
  for (const std::string& key : config::ExternalValueKeys(files)) {
    if (absl::StartsWith(key, "env:")) values.emplace(key, "not set here");
  }
  const config::ResourceDraft draft = config::ReadDraft(files, values, references);
  if (!draft.mistakes.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(draft.mistakes, "\n"));
  }
  std::unique_ptr<OfflinePolicy> loaded(new OfflinePolicy());
  CS_ASSIGN_OR_RETURN(loaded->snapshot_,
                      policy::rules::CompileSnapshot(draft.set, loaded->engine_, nullptr));
  return loaded;
}

absl::StatusOr<OfflinePolicy::Answer> OfflinePolicy::Ask(const config::PolicyCase& question) const {
  Answer answer;
  answer.who.issuer = "countersign";
  answer.who.subject = question.identity;
  answer.who.identity = question.identity;
  answer.who.groups = question.groups;
  const auto& identities = snapshot_->resources->identities;
  if (const auto known = identities.find(question.identity); known != identities.end()) {
    answer.who.kind = known->second.kind;
    for (const std::string& group : known->second.groups) answer.who.groups.push_back(group);
  }
  answer.prompt.operation = question.operation;
  answer.prompt.model = question.model;
  answer.prompt.parameters = question.parameters;
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < question.messages.size(); ++i) {
    const auto& [role, text] = question.messages[i];
    // Messages of one role that follow each other are read as one text.
    const bool follows = i > 0 && question.messages[i - 1].first == role;
    group += follows ? 0 : 1;
    answer.prompt.parts.push_back(
        {role, absl::StrCat("/messages/", i, "/content"), text, group, follows});
  }
  CS_ASSIGN_OR_RETURN(
      answer.explanation,
      policy::rules::Explain(*snapshot_, {answer.who, question.connection, answer.prompt}));
  return answer;
}

std::vector<std::string> OfflinePolicy::Doubts(const config::PolicyCase& question) const {
  std::vector<std::string> doubts;
  const domain::ResourceSet& set = *snapshot_->resources;
  if (set.identities.count(question.identity) == 0) {
    doubts.push_back(absl::StrCat("there is no Identity \"", question.identity,
                                  "\": it has the groups given with --group alone"));
  }
  const auto connection = set.connections.find(question.connection);
  if (connection == set.connections.end() || question.model.empty()) return doubts;
  const std::vector<std::string>& models = connection->second.models;
  const auto is_asked = [&](const std::string& glob) { return GlobMatch(glob, question.model); };
  if (!models.empty() && std::none_of(models.begin(), models.end(), is_asked)) {
    doubts.push_back(absl::StrCat("the connection \"", question.connection,
                                  "\" does not serve the model \"", question.model, "\""));
  }
  return doubts;
}

std::string ReasonText(const domain::Finding& finding) {
  return absl::StrCat(finding.condition, " ", finding.rule);
}

CaseResult RunCase(const OfflinePolicy& policies, const config::PolicyCase& one) {
  CaseResult result;
  result.name = one.name;
  const auto answer = policies.Ask(one);
  if (!answer.ok()) {
    result.got = std::string(answer.status().message());
    result.failure = absl::StrCat("expected ", one.expect);
    return result;
  }
  const domain::Decision& decision = answer->explanation.decision;
  const absl::string_view verdict = domain::ToString(decision.verdict);
  result.got = absl::StrCat(
      verdict, decision.policy.empty() ? ": no policy matches" : " by " + decision.policy);
  std::vector<std::string> reasons;
  for (const domain::Finding& finding : decision.findings) {
    if (finding.policy == decision.policy) reasons.push_back(ReasonText(finding));
  }
  if (verdict != one.expect) {
    result.failure = absl::StrCat("expected ", one.expect);
  } else if (!one.policy.empty() && decision.policy != one.policy) {
    result.failure = absl::StrCat("expected the policy ", one.policy);
  } else if (!one.reason.empty() &&
             std::none_of(reasons.begin(), reasons.end(), [&](const std::string& reason) {
               return absl::StrContains(reason, one.reason);
             })) {
    result.failure = absl::StrCat("expected the reason \"", one.reason, "\"; the reasons are ",
                                  reasons.empty() ? "none" : absl::StrJoin(reasons, ", "));
  }
  result.passed = result.failure.empty();
  return result;
}

}  // namespace countersign::cli::offline
