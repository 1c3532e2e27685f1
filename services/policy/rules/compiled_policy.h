#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libs/domain/resources.h"

namespace countersign::policy::rules {

// A node of a policy's `when` with its names resolved.
struct CompiledCondition {
  enum class Kind { kAny, kAll, kNot, kText, kTokens, kParameter };
  Kind kind = Kind::kAny;
  std::vector<CompiledCondition> children;  // of kAny, kAll; exactly one of kNot

  // kText: the id of its term in the scanner, the roles that it looks at (empty: all), whether it
  // looks into encoded text, the index of these three in Snapshot::text_conditions, and how
  // findings name it.
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
  bool reads_text = false;                 // some condition needs the scanner
};

}  // namespace countersign::policy::rules
