#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/validators/validators.h"

// The built-in detectors. They are data, in rules/*.yaml (docs/adding-detectors.md), which a
// generator turns into tables at build time; nothing is read at run time.
namespace countersign::text::detectors {

struct Detector {
  std::string name;     // unique: the entity, with /2, /3 … from its second detector on
  std::string entity;   // lower snake case; several detectors may find one entity
  std::string pattern;  // in the dialect of regex_parser.h
  regex::ByteSet left_forbidden = regex::ByteSet::Word();
  regex::ByteSet right_forbidden = regex::ByteSet::Word();  // unused for a pattern without end
  const validators::NamedValidator* validator = nullptr;    // null: the pattern is enough
  int priority = 0;
  redaction::ProximityRule context;
  // The pattern is too common to count without its context, even for a caller who asks for the
  // entity by name.
  bool context_required = false;
  redaction::ProximityRule exclusion;  // kept even for a caller who asks for the entity by name
  int tier = 1;                        // 1: on by default; 2: by jurisdiction; 3: by context alone
  std::string pack;                    // of tier 2: `uk`, `de` …
  std::string source;                  // where the shape is documented
};

// Every built-in detector; those of tier 1 come first.
const std::vector<Detector>& AllDetectors();

// Those that `tier1` names: on by default, each with a check digit, a fixed prefix, a shape that
// ordinary text does not have, or a context that it needs.
std::vector<const Detector*> Tier1Detectors();

// `name` is an entity or a set (IsDetectorSet). INVALID_ARGUMENT for anything else, with the
// nearest of the names that exist.
absl::StatusOr<std::vector<const Detector*>> FindDetectors(absl::string_view name);

// True for a name that stands for many entities: `tier1`, `tier2`, `tier3`, `all`, `pack.uk`, and a
// family (`secret.*`).
bool IsDetectorSet(absl::string_view name);

// The detector as a rule that replaces with `<LABEL>`. Every built-in pattern parses. Without
// `keep_context` its pattern and validator are enough, unless the detector requires its context.
redaction::RedactionRule ToRule(const Detector& detector, bool keep_context = true);

// credit_card → CREDIT_CARD
std::string ToLabel(absl::string_view entity);

}  // namespace countersign::text::detectors
