#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/domain/resources.h"
#include "services/policy/text_engine.h"

// A set of policies, compiled: what Evaluate reads. Made by CompileSnapshot only, immutable from
// then on.
namespace countersign::policy {

// A node of a policy's `when` whose names are resolved.
struct CompiledCondition {
  enum class Kind { kAny, kAll, kNot, kText, kTokens, kParameter };
  Kind kind = Kind::kAny;
  std::vector<CompiledCondition> children;  // of kAny, kAll; exactly one of kNot

  // kText: the id of its term in the scanner, the roles that it looks at (empty: all), and how
  // findings name it.
  std::uint32_t term = 0;
  std::vector<std::string> parts;
  std::string condition;  // keywords | pattern
  std::string rule;       // the dictionary's name or the pattern

  double over = 0;                      // kTokens, kParameter
  std::vector<std::string> parameters;  // kParameter: it holds when any of them is above `over`
};

struct CompiledPolicy {
  const domain::Policy* source = nullptr;  // into Snapshot::resources
  std::optional<CompiledCondition> when;   // absent: always
  bool reads_text = false;                 // some condition needs the scanner
};

struct ConnectionRules {
  const text::Tokenizer* tokenizer = nullptr;  // null: by the prompt's model
  // Those that may apply to the connection, in the order in which they decide: denies first, then
  // by falling priority, review before allow, and by name. The first that matches decides.
  std::vector<const CompiledPolicy*> policies;
};

struct Snapshot {
  std::uint64_t version = 0;
  std::shared_ptr<const domain::ResourceSet> resources;
  std::vector<CompiledPolicy> policies;
  std::map<std::string, ConnectionRules> connections;
  std::shared_ptr<const TextScanner> scanner;  // null when no policy reads text
  std::string terms_digest;                    // equal digests: the scanner may be shared
  const TextEngine* engine = nullptr;

  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;  // `connections` points into `policies`
  Snapshot& operator=(const Snapshot&) = delete;
};

}  // namespace countersign::policy
