#include "libs/text/detectors/detectors.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/text/edit_distance.h"
#include "libs/text/detectors/computed_patterns.h"
#include "libs/text/detectors/detector_row.h"
#include "libs/text/validators/placeholders.h"

namespace countersign::text::detectors {
namespace {

redaction::ProximityRule ToGate(const WordsRow& row) {
  if (row.kind == WordsRow::Kind::kNone) return {};
  return {.words = absl::StrSplit(row.words, '\n'),
          .assigned = row.kind == WordsRow::Kind::kAssignedTo,
          .beside = row.kind == WordsRow::Kind::kBeside,
          .named = row.kind == WordsRow::Kind::kNamed,
          .compared = row.compared};
}

// The generator has verified that the validator and the computed pattern exist.
Detector ToDetector(const DetectorRow& row) {
  return {.name = std::string(row.name),
          .entity = std::string(row.entity),
          .pattern = row.computed_pattern.empty()
                         ? std::string(row.pattern)
                         : FindComputedPattern(row.computed_pattern)->make(),
          .left_forbidden = row.left_forbidden,
          .right_forbidden = row.right_forbidden,
          .validator = validators::FindValidator(row.validator),
          .priority = row.priority,
          .context = ToGate(row.context),
          .context_required = row.context_required,
          .exclusion = ToGate(row.exclusion),
          .tier = row.tier,
          .pack = std::string(row.pack),
          .source = std::string(row.source)};
}

std::vector<Detector> MakeAll() {
  std::vector<Detector> all;
  for (const DetectorTable table : AllTables()) {
    for (const DetectorRow& row : table) all.push_back(ToDetector(row));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Detector& a, const Detector& b) { return a.tier < b.tier; });
  return all;
}

bool Belongs(const Detector& detector, absl::string_view name) {
  if (name == "all" || detector.entity == name) return true;
  if (absl::ConsumePrefix(&name, "tier")) return absl::StrCat(detector.tier) == name;
  if (absl::ConsumePrefix(&name, "pack.")) return !name.empty() && detector.pack == name;
  return absl::ConsumeSuffix(&name, "*") && absl::EndsWith(name, ".") &&
         absl::StartsWith(detector.entity, name);
}

constexpr std::size_t kNamesTold = 12;

absl::Status UnknownName(absl::string_view name) {
  std::set<std::string> known = {"tier1", "tier2", "tier3", "all", "secret.*"};
  for (const Detector& detector : AllDetectors()) {
    known.insert(detector.entity);
    if (!detector.pack.empty()) known.insert(absl::StrCat("pack.", detector.pack));
  }
  // A part of a name counts like a small spelling mistake.
  const auto distance = [&](const std::string& candidate) {
    const bool part = name.size() >= 3 &&
                      (absl::StrContains(candidate, name) || absl::StrContains(name, candidate));
    return part ? std::size_t{1} : EditDistance(name, candidate);
  };
  std::vector<std::pair<std::size_t, std::string>> nearest;
  for (const std::string& candidate : known) nearest.emplace_back(distance(candidate), candidate);
  std::sort(nearest.begin(), nearest.end());
  std::vector<std::string> told;
  for (std::size_t i = 0; i < std::min(kNamesTold, nearest.size()); ++i) {
    told.push_back(nearest[i].second);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown entity '", name, "'; the nearest of ", known.size(), " names are ",
      absl::StrJoin(told, ", "), "; sets are tier1, tier2, tier3, all, pack.uk …, secret.*"));
}

}  // namespace

const std::vector<Detector>& AllDetectors() {
  static const auto* const detectors = new std::vector<Detector>(MakeAll());
  return *detectors;
}

std::vector<const Detector*> Tier1Detectors() { return FindDetectors("tier1").value(); }

absl::StatusOr<std::vector<const Detector*>> FindDetectors(absl::string_view name) {
  std::vector<const Detector*> found;
  for (const Detector& detector : AllDetectors()) {
    if (Belongs(detector, name)) found.push_back(&detector);
  }
  if (found.empty()) return UnknownName(name);
  return found;
}

bool IsDetectorSet(absl::string_view name) {
  return name == "all" || name == "tier1" || name == "tier2" || name == "tier3" ||
         absl::StartsWith(name, "pack.") || absl::EndsWith(name, ".*");
}

std::string ToLabel(absl::string_view entity) { return absl::AsciiStrToUpper(entity); }

redaction::RedactionRule ToRule(const Detector& detector, bool keep_context,
                                Placeholders placeholders) {
  redaction::RedactionRule rule;
  rule.entity = detector.entity;
  rule.group = detector.entity;
  rule.regex = regex::ParseRegex(detector.pattern).value();
  rule.left_forbidden = detector.left_forbidden;
  // An unbounded pattern ends at the first byte that cannot continue it. A right-hand condition
  // would keep the match undecided, and therefore held, for its whole length.
  if (rule.regex.max_width != regex::kUnbounded) rule.right_forbidden = detector.right_forbidden;
  if (detector.validator != nullptr) rule.validator = detector.validator->accepts;
  if (placeholders == Placeholders::kKeep && absl::StartsWith(detector.entity, "secret.") &&
      rule.regex.max_width <= redaction::kMaxValidatedWidth) {
    rule.validator = [accepts = std::move(rule.validator)](absl::string_view match) {
      return !validators::IsPlaceholder(match) && (accepts == nullptr || accepts(match));
    };
  }
  rule.priority = detector.priority;
  rule.replacement = absl::StrCat("<", ToLabel(detector.entity), ">");
  if (keep_context || detector.context_required) rule.context = detector.context;
  rule.exclusion = detector.exclusion;
  return rule;
}

}  // namespace countersign::text::detectors
