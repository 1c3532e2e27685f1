#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"

// The built-in detectors: data (a shape, its neighbours, a check, context, cases) in the tables of
// libs/text/detectors/, one file per group.
namespace countersign::text::detectors {

// What a shape alone cannot decide, by a name that profiles and the reference use. Takes a match
// with its separators, is pure and thread-safe. Without a function there is nothing to check.
struct Check {
  std::string name;
  bool (*passes)(absl::string_view match) = nullptr;
};

struct Detector {
  std::string entity;   // lower snake case; several detectors may find one entity
  std::string pattern;  // in the dialect of regex_parser.h, ASCII digits, spaces and dashes
  regex::ByteSet left_forbidden = regex::ByteSet::Word();
  regex::ByteSet right_forbidden = regex::ByteSet::Word();  // not for a pattern without end
  Check check;
  int priority = 0;
  redaction::ContextGate context;
  // The shape is too common to stand without its context, even for who asks for it by name.
  bool context_always = false;
  redaction::ContextGate
      veto;          // what may not stand before it, as a gate: kept even for who asks by name
  int tier = 1;      // 1: on by default; 2: by jurisdiction; 3: only known by its context
  std::string pack;  // of tier 2: `uk`, `de` …
  std::string source;

  // Texts that the tests run. `[[` and `]]` stand around what is to be found (all of the text where
  // there are none), `{h32}` for 32 random characters of a class (cases_test.cc lists them), so
  // that nothing here looks like a real secret. `missed` texts hold nothing to find.
  std::vector<std::string> found;
  std::vector<std::string> missed;
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
// `keep_context` its shape and check are enough, unless the detector always needs its context.
redaction::RedactionRule RuleOf(const Detector& detector, bool keep_context = true);

// credit_card → CREDIT_CARD
std::string LabelOf(absl::string_view entity);

// The checks that rules of a profile's own may name: `luhn`, `mod97`, `verhoeff` …
const std::map<std::string, Check>& NamedChecks();

}  // namespace countersign::text::detectors
