#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/principal.h"
#include "libs/domain/prompt.h"
#include "libs/domain/resources.h"

// Builders for resources and queries in one line each.
namespace countersign::policy::rules {

inline domain::Condition Leaf(decltype(domain::Condition::leaf) leaf, std::string path = "when") {
  domain::Condition condition;
  condition.leaf = std::move(leaf);
  condition.path = std::move(path);
  return condition;
}
inline domain::Condition Keywords(std::string dictionary, std::vector<std::string> parts = {}) {
  return Leaf(domain::KeywordsCondition{std::move(dictionary), std::move(parts)});
}
inline domain::Condition Pattern(std::string regex, std::vector<std::string> parts = {}) {
  return Leaf(
      domain::PatternCondition{std::move(regex), std::move(parts), domain::Normalize::kNone});
}
inline domain::Condition Tokens(std::size_t over) { return Leaf(domain::TokensCondition{over}); }
inline domain::Condition Parameter(std::string name, double over) {
  return Leaf(domain::ParameterCondition{std::move(name), over});
}
inline domain::Condition Node(domain::Condition::Kind kind,
                              std::vector<domain::Condition> children) {
  domain::Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  condition.path = "when";
  return condition;
}
inline domain::Condition Any(std::vector<domain::Condition> children) {
  return Node(domain::Condition::Kind::kAny, std::move(children));
}
inline domain::Condition All(std::vector<domain::Condition> children) {
  return Node(domain::Condition::Kind::kAll, std::move(children));
}
inline domain::Condition Not(domain::Condition child) {
  return Node(domain::Condition::Kind::kNot, {std::move(child)});
}

inline domain::Policy Allow(std::string name, int priority = 0) {
  domain::Policy policy;
  policy.name = std::move(name);
  policy.priority = priority;
  policy.verdict = domain::Verdict::kAllow;
  return policy;
}
inline domain::Policy Deny(std::string name, int priority = 0, std::string message = "") {
  domain::Policy policy = Allow(std::move(name), priority);
  policy.verdict = domain::Verdict::kDeny;
  policy.deny_message = std::move(message);
  return policy;
}
inline domain::Policy Review(std::string name, int priority = 0) {
  domain::Policy policy = Allow(std::move(name), priority);
  policy.verdict = domain::Verdict::kReview;
  policy.review.reviewers = {"security"};
  return policy;
}
inline domain::Policy When(domain::Policy policy, domain::Condition condition) {
  policy.when = std::move(condition);
  return policy;
}

// One version with the connections "openai" (default tokenizer) and "other" (tokenizer doubled),
// and the dictionaries "hipaa" (patient, diagnosis) and "codes" (Bluebird, case-sensitive).
inline std::shared_ptr<domain::ResourceSet> MakeSet(std::vector<domain::Policy> policies) {
  auto set = std::make_shared<domain::ResourceSet>();
  set->version = 7;
  for (const char* name : {"openai", "other"}) set->connections[name].name = name;
  set->connections["other"].tokenizer = "doubled";
  set->dictionaries["hipaa"] = {"hipaa", {"patient", "diagnosis"}, domain::Normalize::kUnicode};
  set->dictionaries["codes"] = {"codes", {"Bluebird"}, domain::Normalize::kNone};
  for (domain::Policy& policy : policies) {
    const std::string name = policy.name;
    set->policies[name] = std::move(policy);
  }
  return set;
}

inline domain::Principal Ann() {
  domain::Principal ann;
  ann.issuer = "https://issuer.example";
  ann.subject = "ann";
  ann.identity = "ann";
  ann.kind = domain::IdentityKind::kHuman;
  ann.groups = {"engineering", "oncall"};
  return ann;
}

inline domain::Prompt UserSays(std::string text) {
  domain::Prompt prompt;
  prompt.operation = "chat.completions";
  prompt.model = "gpt-4o";
  prompt.parts = {{"user", "/messages/0/content", std::move(text)}};
  return prompt;
}

}  // namespace countersign::policy::rules
