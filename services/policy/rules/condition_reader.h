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

// At most so many findings are reported per condition.
inline constexpr std::size_t kMaxFindingsPerCondition = 8;

// Where a term of the scanner was found.
struct PartHit {
  std::uint32_t term = 0;
  std::size_t part = 0;  // index into Prompt::parts
  std::size_t begin = 0;
  std::size_t end = 0;
  absl::string_view encoding = "";  // what hid it; the span is then that of the encoded run
};

// Prompts up to this many bytes are counted to their end.
inline constexpr std::size_t kCountedBytes = std::size_t{64} << 10;
// Of longer ones at least so many tokens are counted, or all.
inline constexpr std::size_t kCountedTokens = std::size_t{16} << 10;

// What is known about one prompt; worked out once, read by every condition.
struct Facts {
  const domain::Prompt& prompt;
  const text::Tokenizer& tokenizer;
  std::size_t tokens = 0;
  bool counted = true;             // false: there are more tokens than were counted
  std::vector<PartHit> hits = {};  // ordered by term, then by part
};

// What `connection` sees in `prompt`; nothing is counted or looked for yet.
Facts FactsOf(const Snapshot& snapshot, const ConnectionRules& connection,
              const domain::Prompt& prompt);

// Counts the tokens of the prompt.
void CountTokens(Facts& facts);

// The same, but of a long prompt not many more than `candidates` ask about.
void CountTokensFor(const RuleIndex& index, const PolicyBits& candidates, Facts& facts);

// Fills in the hits, in texts as they are and in what they hide under two layers of base64, hex or
// percent-encoding. Errors are those of the text engine. REQUIRES: the snapshot has a scanner.
absl::Status ScanParts(const Snapshot& snapshot, Facts& facts);

// The text conditions of any policy that hold, by CompiledCondition::leaf.
std::vector<std::uint32_t> HoldingLeaves(const Snapshot& snapshot, const Facts& facts);

// Tells whether a policy's conditions hold, and collects what made them hold. What holds by absence
// (under `not`) gives no finding. `facts` and `policy` outlive it.
class ConditionReader {
 public:
  ConditionReader(const Facts& facts, const std::string& policy) : facts_(facts), policy_(policy) {}

  bool Holds(const CompiledCondition& condition);
  std::vector<domain::Finding>& findings() { return findings_; }

 private:
  bool HoldsAny(const CompiledCondition& condition);
  bool HoldsAll(const CompiledCondition& condition);
  bool HoldsText(const CompiledCondition& condition);
  bool HoldsTokens(const CompiledCondition& condition);
  bool HoldsParameter(const CompiledCondition& condition);

  const Facts& facts_;
  const std::string& policy_;
  std::vector<domain::Finding> findings_;
};

}  // namespace countersign::policy::rules
