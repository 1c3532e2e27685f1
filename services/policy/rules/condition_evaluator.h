#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/decision.h"
#include "libs/domain/prompt.h"
#include "services/policy/rules/rule_set.h"

namespace countersign::policy::rules {

inline constexpr std::size_t kMaxFindingsPerCondition = 8;

// A match of a scanner's term in the prompt.
struct TermHit {
  std::uint32_t term = 0;
  std::size_t part = 0;  // index into Prompt::parts
  std::size_t begin = 0;
  std::size_t end = 0;
  absl::string_view encoding =
      "";  // not empty: the match is in this encoded run, which is the span
};

// Prompts of up to this many bytes are counted completely.
inline constexpr std::size_t kCountedBytes = std::size_t{64} << 10;
// At least this many tokens of a longer prompt are counted, or all.
inline constexpr std::size_t kCountedTokens = std::size_t{16} << 10;

// A prompt as conditions see it: measured and scanned once, for all policies.
struct PromptFacts {
  const domain::Prompt& prompt;
  const text::tokens::Tokenizer& tokenizer;
  std::size_t tokens = 0;
  bool counted = true;             // false: the prompt has more tokens than were counted
  std::vector<TermHit> hits = {};  // by term, then by part
};

// Nothing is counted or scanned yet. Uses the tokenizer of `connection`, or else the model's.
PromptFacts MakeFacts(const Snapshot& snapshot, const ConnectionRules& connection,
                      const domain::Prompt& prompt);

// Counts all tokens of the prompt.
void CountTokens(PromptFacts& facts);

// Counts all tokens of a short prompt; of a long one as many as the conditions of `candidates`
// need.
void CountTokensAsNeeded(const RuleIndex& index, const PolicyBits& candidates, PromptFacts& facts);

// Fills in the hits: in the texts as written, with their escapes resolved, with the parts of one
// text joined (domain::JoinParts), and in up to two layers of base64, hex or percent-encoding.
// Errors are those of the text engine. REQUIRES: the snapshot has a scanner.
absl::Status ScanParts(const Snapshot& snapshot, PromptFacts& facts);

// The text conditions, of any policy, that hold, as indexes into Snapshot::text_conditions.
std::vector<std::uint32_t> MatchedTextConditions(const Snapshot& snapshot,
                                                 const PromptFacts& facts);

// Evaluates the conditions of one policy and collects findings. A condition that holds because
// something is absent (under `not`) has no finding. `facts` and `policy` must outlive it.
class ConditionEvaluator {
 public:
  ConditionEvaluator(const PromptFacts& facts, const std::string& policy)
      : facts_(facts), policy_(policy) {}

  bool Holds(const CompiledCondition& condition);
  std::vector<domain::Finding>& findings() { return findings_; }

 private:
  bool HoldsAny(const CompiledCondition& condition);
  bool HoldsAll(const CompiledCondition& condition);
  bool HoldsText(const CompiledCondition& condition);
  bool HoldsTokens(const CompiledCondition& condition);
  bool HoldsParameter(const CompiledCondition& condition);

  const PromptFacts& facts_;
  const std::string& policy_;
  std::vector<domain::Finding> findings_;
};

}  // namespace countersign::policy::rules
