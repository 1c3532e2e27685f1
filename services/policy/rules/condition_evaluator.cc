#include "services/policy/rules/condition_evaluator.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/text/documents/decoded_text.h"
#include "libs/text/matching/encoded_runs.h"

namespace countersign::policy::rules {
namespace {

// The role that a policy's `parts` use for a part; dialects have two names for some roles.
absl::string_view CanonicalRole(const domain::TextPart& part) {
  if (part.role == "developer") return "system";
  if (part.role == "function") return "tool";
  return part.role;
}

// True for a role that no policy can name. Such a text is looked at whichever roles a policy names,
// because nobody knows how the model reads it.
bool IsUnknownRole(absl::string_view role) {
  return role != "system" && role != "user" && role != "assistant" && role != "tool";
}

// Whether a condition on the roles `parts` considers `hit`.
bool IsLookedAt(const std::vector<std::string>& parts, bool decodes, const PromptFacts& facts,
                const TermHit& hit) {
  if (!hit.encoding.empty() && !decodes) return false;
  const absl::string_view role = CanonicalRole(facts.prompt.parts[hit.part]);
  return parts.empty() || IsUnknownRole(role) ||
         std::find(parts.begin(), parts.end(), role) != parts.end();
}

std::string FormatNumber(double number) {
  const bool whole = std::floor(number) == number && std::fabs(number) < 1e15;
  return whole ? absl::StrCat(static_cast<std::int64_t>(number)) : absl::StrCat(number);
}

// A term found in a text, with its span.
struct TextHit {
  std::uint32_t term = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  absl::string_view encoding = "";  // of the encoded run at the span
};

// Searches one text for terms: as written, with its escapes resolved, and in the decoded form of
// its runs of base64, hex and percent-encoding.
class TextScan {
 public:
  TextScan(const TextScanner& scanner, std::vector<TextHit>& hits)
      : scanner_(scanner), hits_(hits) {}

  absl::Status Scan(absl::string_view text) { return ScanDecoded(text, nullptr, 0); }

 private:
  static constexpr int kMaxDepth = 2;

  // `run`: the place in the whole text from which this was decoded, `depth` times.
  absl::Status ScanDecoded(absl::string_view text, const TextHit* run, int depth) {
    CS_RETURN_IF_ERROR(ScanSpelling(text, nullptr, run, depth));
    const auto decoded = text::documents::DecodeText(text);
    if (decoded) CS_RETURN_IF_ERROR(ScanSpelling(decoded->text(), &*decoded, run, depth));
    const auto octal = text::documents::DecodeOctal(text, decoded);
    return octal ? ScanSpelling(octal->text(), &*octal, run, depth) : absl::OkStatus();
  }

  absl::Status ScanSpelling(absl::string_view text, const text::documents::DecodedText* decoded,
                            const TextHit* run, int depth) {
    const auto place = [&](std::size_t begin, std::size_t end, absl::string_view encoding) {
      if (run != nullptr) return *run;
      if (decoded == nullptr) return TextHit{0, begin, end, encoding};
      return TextHit{0, decoded->SpelledBegin(begin), decoded->SpelledEnd(end), encoding};
    };
    CS_ASSIGN_OR_RETURN(const std::vector<text::matching::MatchHit> found, scanner_.Scan(text));
    for (const text::matching::MatchHit& hit : found) {
      hits_.push_back(place(hit.begin, hit.end, ""));
      hits_.back().term = hit.id;
    }
    if (depth == kMaxDepth) return absl::OkStatus();
    for (const text::matching::EncodedRun& each : text::matching::FindEncodedRuns(text)) {
      const TextHit own = place(each.begin, each.end, each.encoding);
      CS_RETURN_IF_ERROR(ScanDecoded(each.text, &own, depth + 1));
    }
    return absl::OkStatus();
  }

  const TextScanner& scanner_;
  std::vector<TextHit>& hits_;
};

// Adds the hits in a text with several parts to each part that a span covers.
absl::Status ScanJoined(const TextScanner& scanner, const domain::JoinedText& joined,
                        PromptFacts& facts) {
  std::vector<TextHit> hits;
  CS_RETURN_IF_ERROR(TextScan(scanner, hits).Scan(joined.text));
  for (const TextHit& hit : hits) {
    for (const domain::JoinedText::Segment& segment : joined.segments) {
      const std::size_t end = segment.begin + facts.prompt.parts[segment.part].text.size();
      const std::size_t from = std::max(hit.begin, segment.begin);
      const std::size_t to = std::min(hit.end, end);
      if (from >= to) continue;
      facts.hits.push_back(
          {hit.term, segment.part, from - segment.begin, to - segment.begin, hit.encoding});
    }
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
  const TextScanner& scanner = *snapshot.scanner;
  for (std::size_t i = 0; i < facts.prompt.parts.size(); ++i) {
    std::vector<TextHit> hits;
    CS_RETURN_IF_ERROR(TextScan(scanner, hits).Scan(facts.prompt.parts[i].text));
    for (const TextHit& hit : hits) {
      facts.hits.push_back({hit.term, i, hit.begin, hit.end, hit.encoding});
    }
  }
  // Some servers put a line break between the parts of a message.
  const bool joins = domain::HasJoinedParts(facts.prompt);
  for (const absl::string_view between : {"", "\n"}) {
    if (!joins) break;
    for (const domain::JoinedText& joined : domain::JoinParts(facts.prompt, between)) {
      if (joined.segments.size() == 1) continue;
      CS_RETURN_IF_ERROR(ScanJoined(scanner, joined, facts));
    }
  }
  const auto key = [](const TermHit& hit) {
    return std::tie(hit.term, hit.part, hit.begin, hit.end, hit.encoding);
  };
  std::sort(facts.hits.begin(), facts.hits.end(),
            [&](const TermHit& a, const TermHit& b) { return key(a) < key(b); });
  facts.hits.erase(
      std::unique(facts.hits.begin(), facts.hits.end(),
                  [&](const TermHit& a, const TermHit& b) { return key(a) == key(b); }),
      facts.hits.end());
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
