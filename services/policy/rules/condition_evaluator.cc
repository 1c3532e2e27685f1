#include "services/policy/rules/condition_evaluator.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/text/matching/encoded_runs.h"

namespace countersign::policy::rules {
namespace {

// The role that a policy's `parts` use for a part; dialects have two names for some roles.
absl::string_view CanonicalRole(const domain::TextPart& part) {
  if (part.role == "developer") return "system";
  if (part.role == "function") return "tool";
  return part.role;
}

// Whether a condition on the roles `parts` considers `hit`.
bool IsLookedAt(const std::vector<std::string>& parts, bool decodes, const PromptFacts& facts,
                const TermHit& hit) {
  if (!hit.encoding.empty() && !decodes) return false;
  return parts.empty() || std::find(parts.begin(), parts.end(),
                                    CanonicalRole(facts.prompt.parts[hit.part])) != parts.end();
}

std::string FormatNumber(double number) {
  const bool whole = std::floor(number) == number && std::fabs(number) < 1e15;
  return whole ? absl::StrCat(static_cast<std::int64_t>(number)) : absl::StrCat(number);
}

// Adds the hits in `text`, which results from decoding the text at `place` `depth` times.
absl::Status ScanText(const TextScanner& scanner, absl::string_view text, const TermHit& place,
                      int depth, std::vector<TermHit>& hits) {
  constexpr int kMaxDepth = 2;
  CS_ASSIGN_OR_RETURN(const std::vector<text::matching::MatchHit> found, scanner.Scan(text));
  for (const text::matching::MatchHit& hit : found) {
    TermHit own = place;
    own.term = hit.id;
    if (depth == 0) std::tie(own.begin, own.end) = std::tie(hit.begin, hit.end);
    hits.push_back(own);
  }
  if (depth == kMaxDepth) return absl::OkStatus();
  for (const text::matching::EncodedRun& run : text::matching::FindEncodedRuns(text)) {
    TermHit own = place;
    if (depth == 0) own = {0, place.part, run.begin, run.end, run.encoding};
    CS_RETURN_IF_ERROR(ScanText(scanner, run.text, own, depth + 1, hits));
  }
  return absl::OkStatus();
}

}  // namespace

PromptFacts MakeFacts(const Snapshot& snapshot, const ConnectionRules& connection,
                      const domain::Prompt& prompt) {
  return {prompt, connection.tokenizer != nullptr
                      ? *connection.tokenizer
                      : snapshot.engine->TokenizerForModel(prompt.model)};
}

void CountTokens(PromptFacts& facts) {
  facts.tokens = 0;
  facts.counted = true;
  for (const domain::TextPart& part : facts.prompt.parts) {
    facts.tokens += facts.tokenizer.Count(part.text);
  }
}

void CountTokensAsNeeded(const RuleIndex& index, const PolicyBits& candidates, PromptFacts& facts) {
  std::size_t bytes = 0;
  for (const domain::TextPart& part : facts.prompt.parts) bytes += part.text.size();
  if (bytes <= kCountedBytes) return CountTokens(facts);
  std::size_t limit = kCountedTokens;
  if (const auto asked = index.LargestTokenLimit(candidates)) {
    // A larger limit exceeds any text and might not fit into a size_t.
    limit = std::max(limit, static_cast<std::size_t>(std::min(*asked, 1e15)));
  }
  for (const domain::TextPart& part : facts.prompt.parts) {
    facts.tokens += facts.tokenizer.CountUpTo(part.text, limit - facts.tokens);
    if (facts.tokens <= limit) continue;
    facts.counted = false;
    return;
  }
}

absl::Status ScanParts(const Snapshot& snapshot, PromptFacts& facts) {
  for (std::size_t i = 0; i < facts.prompt.parts.size(); ++i) {
    CS_RETURN_IF_ERROR(
        ScanText(*snapshot.scanner, facts.prompt.parts[i].text, TermHit{0, i}, 0, facts.hits));
  }
  std::sort(facts.hits.begin(), facts.hits.end(), [](const TermHit& a, const TermHit& b) {
    return std::tie(a.term, a.part, a.begin, a.end, a.encoding) <
           std::tie(b.term, b.part, b.begin, b.end, b.encoding);
  });
  return absl::OkStatus();
}

std::vector<std::uint32_t> MatchedTextConditions(const Snapshot& snapshot,
                                                 const PromptFacts& facts) {
  std::vector<std::uint32_t> matched;
  for (auto hit = facts.hits.begin(); hit != facts.hits.end();) {
    const auto end = std::find_if(hit, facts.hits.end(),
                                  [&](const TermHit& other) { return other.term != hit->term; });
    for (const std::uint32_t id : snapshot.text_conditions_by_term[hit->term]) {
      const TextCondition& wanted = snapshot.text_conditions[id];
      if (std::any_of(hit, end, [&](const TermHit& one) {
            return IsLookedAt(wanted.parts, wanted.decodes, facts, one);
          })) {
        matched.push_back(id);
      }
    }
    hit = end;
  }
  return matched;
}

bool ConditionEvaluator::Holds(const CompiledCondition& condition) {
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

bool ConditionEvaluator::HoldsAny(const CompiledCondition& condition) {
  bool holds = false;
  // Evaluates all children, because each one that holds is a reason to show to a reviewer.
  for (const CompiledCondition& child : condition.children) holds |= Holds(child);
  return holds;
}

bool ConditionEvaluator::HoldsAll(const CompiledCondition& condition) {
  const std::size_t before = findings_.size();
  for (const CompiledCondition& child : condition.children) {
    if (!Holds(child)) {
      findings_.resize(before);
      return false;
    }
  }
  return true;
}

bool ConditionEvaluator::HoldsText(const CompiledCondition& condition) {
  auto hit = std::lower_bound(
      facts_.hits.begin(), facts_.hits.end(), condition.term,
      [](const TermHit& candidate, std::uint32_t term) { return candidate.term < term; });
  std::size_t found = 0;
  for (; hit != facts_.hits.end() && hit->term == condition.term; ++hit) {
    if (!IsLookedAt(condition.parts, condition.decodes, facts_, *hit)) continue;
    if (found++ == kMaxFindingsPerCondition) break;
    findings_.push_back({policy_, condition.condition,
                         hit->encoding.empty()
                             ? condition.rule
                             : absl::StrCat(condition.rule, " (encoded: ", hit->encoding, ")"),
                         hit->part, hit->begin, hit->end});
  }
  return found > 0;
}

bool ConditionEvaluator::HoldsTokens(const CompiledCondition& condition) {
  if (static_cast<double>(facts_.tokens) <= condition.over) return false;
  findings_.push_back({policy_, "tokens",
                       absl::StrCat(facts_.counted ? "" : "at least ", facts_.tokens,
                                    " tokens over ", FormatNumber(condition.over))});
  return true;
}

bool ConditionEvaluator::HoldsParameter(const CompiledCondition& condition) {
  bool holds = false;
  for (const std::string& name : condition.parameters) {
    const auto parameter = facts_.prompt.parameters.find(name);
    if (parameter == facts_.prompt.parameters.end()) continue;
    // NaN counts as above every limit.
    if (parameter->second <= condition.over) continue;
    holds = true;
    findings_.push_back({policy_, "parameter",
                         absl::StrCat(name, " ", FormatNumber(parameter->second), " over ",
                                      FormatNumber(condition.over))});
  }
  return holds;
}

}  // namespace countersign::policy::rules
