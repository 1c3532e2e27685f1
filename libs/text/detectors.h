#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction.h"

// The built-in detectors: data (a shape, its neighbours, a validator), in one table.
namespace countersign::text {

struct Detector {
  std::string entity;   // lower snake case; several detectors may find one entity
  std::string pattern;  // in the dialect of regex_parser.h
  ByteSet left_forbidden;
  ByteSet right_forbidden;
  Validator validator = nullptr;
  int priority = 0;
};

// Those that `tier1` names: on by default, each with a check digit, a fixed prefix or a shape that
// ordinary text does not have.
const std::vector<Detector>& Tier1Detectors();

// `name` is an entity, a family (`secret.*`), `tier1` or `all`. INVALID_ARGUMENT for anything else,
// with the names that exist.
absl::StatusOr<std::vector<const Detector*>> FindDetectors(absl::string_view name);

// The detector as a rule that replaces with `<LABEL>`. Every built-in pattern parses.
RedactionRule RuleOf(const Detector& detector);

// credit_card → CREDIT_CARD
std::string LabelOf(absl::string_view entity);

}  // namespace countersign::text
