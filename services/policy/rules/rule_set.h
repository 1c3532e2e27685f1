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

// A set of policies, compiled for Evaluate. Made by CompileSnapshot only, and immutable.
namespace countersign::policy::rules {

struct ConnectionRules {
  const text::tokens::Tokenizer* tokenizer = nullptr;  // null: by the prompt's model
};

// A text condition, shared by all policies that have it.
struct TextCondition {
  std::uint32_t term = 0;
  std::vector<std::string> parts;  // roles, sorted; empty: all
  bool decodes = false;            // looks into encoded text too
};

struct Snapshot {
  std::uint64_t version = 0;
  std::shared_ptr<const domain::ResourceSet> resources;
  // In the order in which they decide: denies first, then by falling priority, review before allow,
  // and by name. The first that matches decides.
  std::vector<CompiledPolicy> policies;
  RuleIndex index;                             // of `policies`
  std::vector<TextCondition> text_conditions;  // by CompiledCondition::text_condition
  std::vector<std::vector<std::uint32_t>> text_conditions_by_term;
  std::map<std::string, ConnectionRules> connections;
  std::shared_ptr<const TextScanner> scanner;  // null when no policy reads text
  std::string terms_digest;                    // equal digests: the scanner may be shared
  const TextEngine* engine = nullptr;
};

}  // namespace countersign::policy::rules
