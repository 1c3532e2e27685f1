#include "services/cli/offline/offline_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/request.h"
#include "libs/json/writer.h"
#include "services/policy/rules/rule_compiler.h"

namespace countersign::cli::offline {
namespace {

// The messages as the gateway reads them from a request: what of them is text, and what is decoded.
absl::StatusOr<domain::Prompt> ReadMessages(const config::PolicyCase& question) {
  json::Writer body;
  body.BeginObject().Key("model").String("m").Key("messages").BeginArray();
  for (const auto& [role, text] : question.messages) {
    body.BeginObject().Key("role").String(role).Key("content").String(text).EndObject();
  }
  body.EndArray().EndObject();
  CS_ASSIGN_OR_RETURN(
      const dialects::ReadCall call,
      dialects::openai::ReadChatCompletion({"POST", "/v1/chat/completions", "", {}, body.str()}));
  return *call.prompt;
}

// A deny before the policies were asked, with what `decision` says of the prompt.
domain::Decision Denied(const domain::Decision& decision) {
  domain::Decision denied;
  denied.policy_version = decision.policy_version;
  denied.prompt_tokens = decision.prompt_tokens;
  return denied;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OfflinePolicy>> OfflinePolicy::Load(
    const std::vector<config::SourceFile>& files, const config::ExternalValues& values,
    const Source& source) {
  const config::ResourceDraft draft = config::ReadDraft(
      files, values, {.references = source.references, .secrets = config::Secrets::kMayBeMissing});
  if (!draft.mistakes.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(draft.mistakes, "\n"));
  }
  std::unique_ptr<OfflinePolicy> loaded(new OfflinePolicy());
  loaded->knows_roles_ = source.is_gateway || !draft.set->role_bindings.empty();
  CS_ASSIGN_OR_RETURN(loaded->snapshot_,
                      policy::rules::CompileSnapshot(draft.set, loaded->engine_, nullptr));
  return loaded;
}

absl::StatusOr<OfflinePolicy::Answer> OfflinePolicy::Ask(const config::PolicyCase& question) const {
  Answer answer;
  answer.who.issuer = "countersign";
  answer.who.subject = question.identity;
  answer.who.groups = question.groups;
  const auto& identities = snapshot_->resources->identities;
  if (const auto known = identities.find(question.identity); known != identities.end()) {
    answer.who.identity = question.identity;
    answer.who.kind = known->second.kind;
    for (const std::string& group : known->second.groups) answer.who.groups.push_back(group);
  }
  domain::AddRoles(*snapshot_->resources, answer.who);
  CS_ASSIGN_OR_RETURN(answer.prompt, ReadMessages(question));
  answer.prompt.operation = question.operation;
  answer.prompt.model = question.model;
  answer.prompt.parameters = question.parameters;
  CS_ASSIGN_OR_RETURN(
      answer.explanation,
      policy::rules::Explain(*snapshot_, {answer.who, question.connection, answer.prompt}));
  answer.refusal = Refuse(answer.who, question.connection, question.model);
  if (answer.refusal) answer.explanation.decision = Denied(answer.explanation.decision);
  return answer;
}

absl::StatusOr<OfflinePolicy::Decided> OfflinePolicy::Decide(domain::Principal who,
                                                             const std::string& connection,
                                                             const domain::Prompt& prompt) const {
  domain::AddRoles(*snapshot_->resources, who);
  Decided decided;
  CS_ASSIGN_OR_RETURN(decided.decision,
                      policy::rules::Evaluate(*snapshot_, {who, connection, prompt}));
  decided.refusal = Refuse(who, connection, prompt.model);
  if (decided.refusal) decided.decision = Denied(decided.decision);
  return decided;
}

// The same checks in the same order as the edge's (services/edge/call, CheckCaller).
std::optional<OfflinePolicy::Refusal> OfflinePolicy::Refuse(const domain::Principal& who,
                                                            const std::string& name,
                                                            const std::string& model) const {
  const auto connection = snapshot_->resources->connections.find(name);
  if (connection == snapshot_->resources->connections.end()) return std::nullopt;  // Explain's
  const bool is_nobody = who.identity.empty() && who.groups.empty();
  if (is_nobody || (knows_roles_ && !domain::HasRole(who, domain::Role::kCaller, name))) {
    return Refusal{
        "permission_denied",
        absl::StrCat(who.identity.empty() ? who.subject : who.identity,
                     " may not call connection \"", name, "\": ",
                     is_nobody ? "there is no Identity of that name, and no group is given"
                               : "no RoleBinding gives it the role caller there")};
  }
  if (!model.empty() && !domain::ServesModel(connection->second, model)) {
    return Refusal{"model_not_found",
                   absl::StrCat("connection \"", name, "\" has no model \"", model, "\"")};
  }
  return std::nullopt;
}

std::vector<std::string> OfflinePolicy::Doubts(const config::PolicyCase& question) const {
  std::vector<std::string> doubts;
  if (snapshot_->resources->identities.count(question.identity) == 0) {
    doubts.push_back(absl::StrCat("there is no Identity \"", question.identity,
                                  "\": it has the groups given with --group alone"));
  }
  if (!knows_roles_) {
    doubts.push_back(absl::StrCat("no RoleBinding is given: whether \"", question.identity,
                                  "\" has the role caller is not checked"));
  }
  return doubts;
}

std::string VerdictText(const OfflinePolicy::Answer& answer) {
  const domain::Decision& decision = answer.explanation.decision;
  const absl::string_view verdict = domain::ToString(decision.verdict);
  if (answer.refusal) {
    return absl::StrCat(verdict, ": ", answer.refusal->code, ": ", answer.refusal->message);
  }
  return absl::StrCat(verdict,
                      decision.policy.empty() ? ": no policy matches" : " by " + decision.policy);
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
  result.got = VerdictText(*answer);
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
