#include "services/policy/evaluator.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/glob.h"
#include "libs/base/status.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy {
namespace {

struct PartHit {
  std::uint32_t term = 0;
  std::size_t part = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What is known about one query; computed once, read by every condition.
struct Facts {
  const domain::Prompt& prompt;
  std::size_t tokens = 0;
  std::vector<PartHit> hits;  // ordered by term, then by part
};

bool Contains(const std::vector<std::string>& list, absl::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The role that `parts` name for a part: dialects have older and newer names for two of them.
absl::string_view RoleOf(const domain::TextPart& part) {
  if (part.role == "developer") return "system";
  if (part.role == "function") return "tool";
  return part.role;
}

std::string FormatNumber(double number) {
  const bool whole = std::floor(number) == number && std::fabs(number) < 1e15;
  return whole ? absl::StrCat(static_cast<std::int64_t>(number)) : absl::StrCat(number);
}

std::size_t CountTokens(const text::Tokenizer& tokenizer, const domain::Prompt& prompt) {
  std::size_t tokens = 0;
  for (const domain::TextPart& part : prompt.parts) tokens += tokenizer.Count(part.text);
  return tokens;
}

absl::StatusOr<std::vector<PartHit>> ScanParts(const TextScanner& scanner,
                                               const domain::Prompt& prompt) {
  std::vector<PartHit> hits;
  for (std::size_t i = 0; i < prompt.parts.size(); ++i) {
    CS_ASSIGN_OR_RETURN(const std::vector<text::MatchHit> found,
                        scanner.Scan(prompt.parts[i].text));
    for (const text::MatchHit& hit : found) hits.push_back({hit.id, i, hit.begin, hit.end});
  }
  std::sort(hits.begin(), hits.end(), [](const PartHit& a, const PartHit& b) {
    return std::tie(a.term, a.part) < std::tie(b.term, b.part);
  });
  return hits;
}

bool AppliesTo(const domain::Policy::Match& match, const Query& query) {
  const auto& groups = query.principal.groups;
  if (!match.groups.empty() &&
      std::none_of(groups.begin(), groups.end(),
                   [&](const std::string& group) { return Contains(match.groups, group); })) {
    return false;
  }
  if (!match.identities.empty() &&
      (query.principal.identity.empty() || !Contains(match.identities, query.principal.identity))) {
    return false;
  }
  if (!match.models.empty() &&
      std::none_of(match.models.begin(), match.models.end(),
                   [&](const std::string& glob) { return GlobMatch(glob, query.prompt.model); })) {
    return false;
  }
  return match.operations.empty() || Contains(match.operations, query.prompt.operation);
}

// Tells whether a policy's conditions hold, and collects what made them hold.
class ConditionReader {
 public:
  ConditionReader(const Facts& facts, const std::string& policy) : facts_(facts), policy_(policy) {}

  bool Holds(const CompiledCondition& condition) {
    switch (condition.kind) {
      case CompiledCondition::Kind::kAny: return HoldsAny(condition);
      case CompiledCondition::Kind::kAll: return HoldsAll(condition);
      case CompiledCondition::Kind::kNot: {
        const std::size_t before = findings_.size();
        const bool holds = !Holds(condition.children.front());
        findings_.resize(before);
        return holds;
      }
      case CompiledCondition::Kind::kText: return HoldsText(condition);
      case CompiledCondition::Kind::kTokens: return HoldsTokens(condition);
      case CompiledCondition::Kind::kParameter: return HoldsParameter(condition);
    }
    return false;
  }

  std::vector<domain::Finding>& findings() { return findings_; }

 private:
  bool HoldsAny(const CompiledCondition& condition) {
    bool holds = false;
    // All of them, not the first alone: each that holds is a reason that a reviewer wants to see.
    for (const CompiledCondition& child : condition.children) holds |= Holds(child);
    return holds;
  }

  bool HoldsAll(const CompiledCondition& condition) {
    const std::size_t before = findings_.size();
    for (const CompiledCondition& child : condition.children) {
      if (!Holds(child)) {
        findings_.resize(before);
        return false;
      }
    }
    return true;
  }

  bool HoldsText(const CompiledCondition& condition) {
    auto hit = std::lower_bound(
        facts_.hits.begin(), facts_.hits.end(), condition.term,
        [](const PartHit& candidate, std::uint32_t term) { return candidate.term < term; });
    std::size_t found = 0;
    for (; hit != facts_.hits.end() && hit->term == condition.term; ++hit) {
      if (!condition.parts.empty() &&
          !Contains(condition.parts, RoleOf(facts_.prompt.parts[hit->part]))) {
        continue;
      }
      if (found++ == kMaxFindingsPerCondition) break;
      findings_.push_back(
          {policy_, condition.condition, condition.rule, hit->part, hit->begin, hit->end});
    }
    return found > 0;
  }

  bool HoldsTokens(const CompiledCondition& condition) {
    if (static_cast<double>(facts_.tokens) <= condition.over) return false;
    findings_.push_back(
        {policy_, "tokens",
         absl::StrCat(facts_.tokens, " tokens over ", FormatNumber(condition.over))});
    return true;
  }

  bool HoldsParameter(const CompiledCondition& condition) {
    bool holds = false;
    for (const std::string& name : condition.parameters) {
      const auto parameter = facts_.prompt.parameters.find(name);
      if (parameter == facts_.prompt.parameters.end()) continue;
      // Written so that a value which compares with nothing (NaN) is over every limit.
      if (parameter->second <= condition.over) continue;
      holds = true;
      findings_.push_back({policy_, "parameter",
                           absl::StrCat(name, " ", FormatNumber(parameter->second), " over ",
                                        FormatNumber(condition.over))});
    }
    return holds;
  }

  const Facts& facts_;
  const std::string& policy_;
  std::vector<domain::Finding> findings_;
};

void Decide(const domain::Policy& policy, domain::Decision& decision) {
  decision.verdict = policy.verdict;
  decision.policy = policy.name;
  if (policy.verdict == domain::Verdict::kDeny) decision.message = policy.deny_message;
  if (policy.verdict == domain::Verdict::kReview) decision.review = policy.review;
  decision.masking_profile = policy.masking;
  decision.recording = policy.recording;
}

void AppendFindings(std::vector<domain::Finding>& found, domain::Decision& decision) {
  for (domain::Finding& finding : found) {
    if (decision.findings.size() == kMaxFindings) return;
    decision.findings.push_back(std::move(finding));
  }
}

}  // namespace

absl::StatusOr<domain::Decision> Evaluate(const Snapshot& snapshot, const Query& query) {
  const auto rules = snapshot.connections.find(query.connection);
  if (rules == snapshot.connections.end()) {
    return UnknownConnection(query.connection);
  }
  std::vector<const CompiledPolicy*> candidates;
  bool reads_text = false;
  for (const CompiledPolicy* policy : rules->second.policies) {
    if (!AppliesTo(policy->source->match, query)) continue;
    candidates.push_back(policy);
    reads_text |= policy->reads_text;
  }
  const text::Tokenizer& tokenizer = rules->second.tokenizer != nullptr
                                         ? *rules->second.tokenizer
                                         : snapshot.engine->TokenizerForModel(query.prompt.model);
  Facts facts{query.prompt, CountTokens(tokenizer, query.prompt), {}};
  if (reads_text) {
    CS_ASSIGN_OR_RETURN(facts.hits, ScanParts(*snapshot.scanner, query.prompt));
  }

  domain::Decision decision;
  decision.policy_version = snapshot.version;
  decision.prompt_tokens = facts.tokens;
  bool decided = false;
  for (const CompiledPolicy* policy : candidates) {
    ConditionReader reader(facts, policy->source->name);
    if (policy->when.has_value() && !reader.Holds(*policy->when)) continue;
    if (!std::exchange(decided, true)) Decide(*policy->source, decision);
    AppendFindings(reader.findings(), decision);
  }
  return decision;
}

}  // namespace countersign::policy
