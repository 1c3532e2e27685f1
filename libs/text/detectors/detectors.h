#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/validators/validators.h"

// The built-in detectors. They are defined in rules/*.yaml (docs/adding-detectors.md), which a
// generator turns into tables at build time; nothing is read at run time.
namespace countersign::text::detectors {

struct Detector {
  std::string name;     // unique: the entity, with /2, /3 … from its second detector on
  std::string entity;   // lower snake case; several detectors may find one entity
  std::string pattern;  // in the dialect of regex_parser.h
  regex::ByteSet left_forbidden = regex::ByteSet::Word();
  regex::ByteSet right_forbidden = regex::ByteSet::Word();  // unused for unbounded patterns
  const validators::NamedValidator* validator = nullptr;    // null: the pattern is enough
  int priority = 0;
  redaction::ProximityRule context;
  // The pattern is too common to be used without its context, even by callers who name the entity.
  bool context_required = false;
  redaction::ProximityRule exclusion;  // applies even for callers who name the entity
  int tier = 1;                        // 1: default; 2: by jurisdiction; 3: needs context
  std::string pack;                    // of tier 2: `uk`, `de` …
  std::string source;                  // where the shape is documented
};

// All built-in detectors, tier 1 first.
const std::vector<Detector>& AllDetectors();

// The detectors of `tier1`: on by default; each has a check digit, a fixed prefix, a form that
// ordinary text does not have, or a required context.
std::vector<const Detector*> Tier1Detectors();

// `name` is an entity or a set (IsDetectorSet). INVALID_ARGUMENT for other names, with the most
// similar existing one.
absl::StatusOr<std::vector<const Detector*>> FindDetectors(absl::string_view name);

// Whether a name stands for several entities: `tier1`, `tier2`, `tier3`, `all`, `pack.uk`, or a
// family (`secret.*`).
bool IsDetectorSet(absl::string_view name);

// Whether secrets of vendors that are written as documentation writes them (`ghp_xxxx…`,
// `AKIAIOSFODNN7EXAMPLE`; validators::IsPlaceholder) are matched.
enum class Placeholders { kKeep, kMask };

// The detector as a rule with the replacement `<LABEL>`. Every built-in pattern can be parsed.
// Without `keep_context` the rule has no context, unless the detector requires it.
redaction::RedactionRule ToRule(const Detector& detector, bool keep_context = true,
                                Placeholders placeholders = Placeholders::kKeep);

// Converts credit_card to CREDIT_CARD.
std::string ToLabel(absl::string_view entity);

}  // namespace countersign::text::detectors
