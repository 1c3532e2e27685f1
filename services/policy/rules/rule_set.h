#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/domain/resources.h"
#include "services/policy/rules/compiled_policy.h"
#include "services/policy/rules/rule_index.h"
#include "services/policy/rules/text_engine.h"

// A compiled set of policies. Made by CompileSnapshot only; immutable.
namespace countersign::policy::rules {

struct ConnectionRules {
  const text::tokens::Tokenizer* tokenizer = nullptr;  // null: by the prompt's model
};

// A text condition, shared by all policies with an equal one.
struct TextCondition {
  std::uint32_t term = 0;
  std::vector<std::string> parts;  // roles, sorted; empty: all
  bool decodes = false;            // also reads encoded text
};

struct Snapshot {
  std::uint64_t version = 0;
  std::shared_ptr<const domain::ResourceSet> resources;
  // In deciding order: denies first, then by descending priority, review before allow, then by
  // name. The first one that matches decides.
  std::vector<CompiledPolicy> policies;
  RuleIndex index;                             // over `policies`
  std::vector<TextCondition> text_conditions;  // by CompiledCondition::text_condition
  std::vector<std::vector<std::uint32_t>> text_conditions_by_term;
  std::map<std::string, ConnectionRules> connections;
  std::shared_ptr<const TextScanner> scanner;  // null when no policy reads text
  std::string terms_digest;                    // snapshots with equal digests may share the scanner
  const TextEngine* engine = nullptr;
};

}  // namespace countersign::policy::rules
