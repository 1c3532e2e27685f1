#include "services/policy/rules/evaluator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "libs/base/glob.h"
#include "libs/base/status.h"
#include "services/policy/policy_errors.h"
#include "services/policy/rules/condition_evaluator.h"

namespace countersign::policy::rules {
namespace {

void ApplyPolicy(const domain::Policy& policy, domain::Decision& decision) {
  decision.verdict = policy.verdict;
  decision.policy = policy.name;
  if (policy.verdict == domain::Verdict::kDeny) decision.message = policy.deny_message;
  if (policy.verdict == domain::Verdict::kReview) decision.review = policy.review;
  decision.masking_profile = policy.masking;
  decision.recording = policy.recording;
}

bool Contains(const std::vector<std::string>& list, absl::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The first section of `match` that does not fit; empty when the policy applies.
absl::string_view Mismatch(const domain::Policy::Match& match, const Query& query) {
  const auto any_of = [](const std::vector<std::string>& wanted, const auto& fits) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), fits);
  };
  const domain::Principal& who = query.principal;
  const domain::Prompt& prompt = query.prompt;
  const auto has_group = [&](const std::string& group) { return Contains(who.groups, group); };
  const auto is_identity = [&](const std::string& identity) {
    return !who.identity.empty() && identity == who.identity;
  };
  const auto matches_model = [&](const std::string& glob) { return GlobMatch(glob, prompt.model); };
  if (!match.connections.empty() && !Contains(match.connections, query.connection)) {
    return "connections";
  }
  if (!any_of(match.groups, has_group)) return "groups";
  if (!any_of(match.identities, is_identity)) return "identities";
  if (!any_of(match.models, matches_model)) return "models";
  if (std::any_of(match.except_models.begin(), match.except_models.end(), matches_model)) {
    return "exceptModels";
  }
  if (!match.operations.empty() && !Contains(match.operations, prompt.operation)) {
    return "operations";
  }
  return "";
}

void AppendFindings(std::vector<domain::Finding>& found, domain::Decision& decision) {
  for (domain::Finding& finding : found) {
    if (decision.findings.size() == kMaxFindings) return;
    decision.findings.push_back(std::move(finding));
  }
}

domain::Decision DefaultDeny(const Snapshot& snapshot, const PromptFacts& facts) {
  domain::Decision decision;
  decision.policy_version = snapshot.version;
  decision.prompt_tokens = facts.tokens;
  return decision;
}

}  // namespace

absl::StatusOr<domain::Decision> Evaluate(const Snapshot& snapshot, const Query& query) {
  const auto connection = snapshot.connections.find(query.connection);
  if (connection == snapshot.connections.end()) return UnknownConnection(query.connection);
  PolicyBits candidates =
      snapshot.index.Applicable(query.connection, query.principal, query.prompt);
  PromptFacts facts = MakeFacts(snapshot, connection->second, query.prompt);
  CountTokensAsNeeded(snapshot.index, candidates, facts);
  if (snapshot.index.AnyReadsText(candidates)) CS_RETURN_IF_ERROR(ScanParts(snapshot, facts));
  const Measurements measured{static_cast<double>(facts.tokens), query.prompt.parameters,
                              MatchedTextConditions(snapshot, facts)};
  snapshot.index.NarrowToHolding(measured, candidates);

  domain::Decision decision = DefaultDeny(snapshot, facts);
  bool decided = false;
  for (std::size_t place = candidates.Next(0); place != PolicyBits::kEnd;
       place = candidates.Next(place + 1)) {
    const CompiledPolicy& policy = snapshot.policies[place];
    if (!decided && !facts.counted && policy.source->verdict != domain::Verdict::kDeny) {
      // A reviewer or the model may see the prompt, so its whole count is reported.
      CountTokens(facts);
      decision.prompt_tokens = facts.tokens;
    }
    ConditionEvaluator conditions(facts, policy.source->name);
    if (policy.when.has_value() && !conditions.Holds(*policy.when)) continue;
    AppendFindings(conditions.findings(), decision);
    if (!std::exchange(decided, true)) {
      ApplyPolicy(*policy.source, decision);
      snapshot.index.NarrowToFinding(measured, candidates);  // only these can add findings
    }
    if (decision.findings.size() == kMaxFindings) break;
  }
  return decision;
}

absl::StatusOr<Explanation> Explain(const Snapshot& snapshot, const Query& query) {
  const auto connection = snapshot.connections.find(query.connection);
  if (connection == snapshot.connections.end()) return UnknownConnection(query.connection);
  PromptFacts facts = MakeFacts(snapshot, connection->second, query.prompt);
  CountTokens(facts);
  if (snapshot.scanner != nullptr) CS_RETURN_IF_ERROR(ScanParts(snapshot, facts));

  Explanation explanation;
  explanation.decision = DefaultDeny(snapshot, facts);
  bool decided = false;
  for (const CompiledPolicy& policy : snapshot.policies) {
    PolicyExplanation& explained = explanation.policies.emplace_back();
    explained.policy = policy.source;
    explained.mismatch = Mismatch(policy.source->match, query);
    ConditionEvaluator conditions(facts, policy.source->name);
    explained.holds = !policy.when.has_value() || conditions.Holds(*policy.when);
    explained.findings = conditions.findings();
    if (!explained.mismatch.empty() || !explained.holds) continue;
    explained.decides = !std::exchange(decided, true);
    if (explained.decides) ApplyPolicy(*policy.source, explanation.decision);
    AppendFindings(conditions.findings(), explanation.decision);
  }
  return explanation;
}

}  // namespace countersign::policy::rules
