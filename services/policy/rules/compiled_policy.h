#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/domain/resources.h"

namespace countersign::policy::rules {

// A node of a policy's `when`, with names resolved.
struct CompiledCondition {
  enum class Kind { kAny, kAll, kNot, kText, kTokens, kParameter };
  Kind kind = Kind::kAny;
  std::vector<CompiledCondition> children;  // of kAny, kAll; exactly one of kNot

  // For kText: the id of its term in the scanner, the roles of the parts that it reads (empty:
  // all), whether it reads encoded text, the index of these three in Snapshot::text_conditions, and
  // its name in findings.
  std::uint32_t term = 0;
  std::vector<std::string> parts;
  bool decodes = false;
  std::uint32_t text_condition = 0;
  std::string condition;  // keywords | pattern
  std::string rule;       // the dictionary's name or the pattern

  double over = 0;                      // kTokens, kParameter
  std::vector<std::string> parameters;  // kParameter: holds when any of them is above `over`
};

struct CompiledPolicy {
  const domain::Policy* source = nullptr;  // into Snapshot::resources
  std::optional<CompiledCondition> when;   // absent: always
  bool reads_text = false;                 // a condition needs the scanner
};

}  // namespace countersign::policy::rules
