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

// A set of policies, compiled: what Evaluate reads. Made by CompileSnapshot only, immutable from
// then on.
namespace countersign::policy::rules {

struct ConnectionRules {
  const text::Tokenizer* tokenizer = nullptr;  // null: by the prompt's model
};

// A term of the scanner in the parts that some condition wants it in.
struct TextLeaf {
  std::uint32_t term = 0;
  std::vector<std::string> parts;  // roles, sorted; empty: all
  bool decodes = false;            // hits in encoded text count
};

struct Snapshot {
  std::uint64_t version = 0;
  std::shared_ptr<const domain::ResourceSet> resources;
  // In the order in which they decide: denies first, then by falling priority, review before allow,
  // and by name. The first that matches decides.
  std::vector<CompiledPolicy> policies;
  RuleIndex index;                                         // of `policies`
  std::vector<TextLeaf> leaves;                            // by CompiledCondition::leaf
  std::vector<std::vector<std::uint32_t>> leaves_of_term;  // by term
  std::map<std::string, ConnectionRules> connections;
  std::shared_ptr<const TextScanner> scanner;  // null when no policy reads text
  std::string terms_digest;                    // equal digests: the scanner may be shared
  const TextEngine* engine = nullptr;
};

}  // namespace countersign::policy::rules
