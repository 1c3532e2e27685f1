#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/config/kinds.h"

namespace countersign::config {
namespace {

using domain::Condition;

constexpr int kMaxNesting = 16;

std::vector<std::string> ReadParts(Fields& fields) {
  std::vector<std::string> parts = fields.Strings("parts");
  for (const std::string& part : parts) {
    if (part != "system" && part != "user" && part != "assistant" && part != "tool") {
      fields.Mistake("parts",
                     absl::StrCat("\"", part, "\" is none of system, user, assistant, tool"));
    }
  }
  return parts;
}

void ReadLeaf(const std::string& name, const YAML::Node& node, Condition& out, Mistakes& mistakes) {
  Fields fields(node, out.path, mistakes);
  if (name == "keywords") {
    domain::KeywordsCondition keywords;
    keywords.dictionary = fields.Required("dictionary");
    keywords.parts = ReadParts(fields);
    out.leaf = std::move(keywords);
  } else if (name == "pattern") {
    domain::PatternCondition pattern;
    pattern.regex = fields.Required("regex");
    pattern.parts = ReadParts(fields);
    const std::string normalize = fields.Choice("normalize", {"none", "caseless", "unicode"});
    if (normalize == "caseless") pattern.normalize = domain::Normalize::kCaseless;
    if (normalize == "unicode") pattern.normalize = domain::Normalize::kUnicode;
    out.leaf = std::move(pattern);
  } else if (name == "tokens") {
    if (!fields.Has("over")) fields.Mistake("over", "is required");
    out.leaf =
        domain::TokensCondition{static_cast<std::size_t>(fields.Integer("over", 0, 0, 1 << 30))};
  } else {
    domain::ParameterCondition parameter;
    parameter.name = fields.Required("name");
    if (!fields.Has("over")) fields.Mistake("over", "is required");
    parameter.over = fields.Number("over", 0);
    out.leaf = std::move(parameter);
  }
}

Condition ReadCondition(const YAML::Node& node, const std::string& path, int depth,
                        Mistakes& mistakes) {
  Condition condition;
  condition.path = path;
  if (!node.IsMap() || node.size() != 1 || !node.begin()->first.IsScalar()) {
    mistakes.Add(node, path,
                 "must have exactly one of any, all, not, keywords, pattern, tokens, parameter");
    return condition;
  }
  if (depth > kMaxNesting) {
    mistakes.Add(node, path, "conditions are nested deeper than 16 levels");
    return condition;
  }
  const std::string name = node.begin()->first.Scalar();
  const YAML::Node value = node.begin()->second;
  condition.path = absl::StrCat(path, ".", name);
  if (name == "any" || name == "all") {
    condition.kind = name == "any" ? Condition::Kind::kAny : Condition::Kind::kAll;
    if (!value.IsSequence() || value.size() == 0) {
      mistakes.Add(value, condition.path, "must be a list of conditions that is not empty");
      return condition;
    }
    std::size_t index = 0;
    for (const YAML::Node& child : value) {
      condition.children.push_back(ReadCondition(
          child, absl::StrCat(condition.path, "[", index++, "]"), depth + 1, mistakes));
    }
  } else if (name == "not") {
    condition.kind = Condition::Kind::kNot;
    condition.children.push_back(ReadCondition(value, condition.path, depth + 1, mistakes));
  } else if (name == "keywords" || name == "pattern" || name == "tokens" || name == "parameter") {
    ReadLeaf(name, value, condition, mistakes);
  } else {
    mistakes.Add(node, condition.path, "unknown condition");
  }
  return condition;
}

domain::ReviewTerms ReadReview(Fields& review) {
  domain::ReviewTerms terms;
  terms.reviewers = review.Strings("reviewers");
  if (terms.reviewers.empty()) review.Mistake("reviewers", "needs at least one group or identity");
  terms.approvals = static_cast<int>(review.Integer("approvals", 1, 1, 100));
  terms.pending_ttl =
      review.Duration("pendingTtl", terms.pending_ttl, absl::Seconds(1), absl::Hours(24));
  terms.hold =
      review.Duration("hold", terms.hold, absl::ZeroDuration(), absl::Seconds(4 * 60 + 30));
  if (review.Has("grant")) {
    Fields grant = review.Nested("grant");
    grant.Choice("kind", {"oneShot"});
    terms.grant_ttl = grant.Duration("ttl", terms.grant_ttl, absl::Seconds(1), absl::Hours(8));
  }
  return terms;
}

void ReadThen(Fields& then, domain::Policy& policy) {
  const int verdicts = then.Has("review") + then.Has("deny") + then.Has("allow");
  if (verdicts != 1) then.Mistake("", "needs exactly one of review, deny, allow");
  if (then.Has("review")) {
    policy.verdict = domain::Verdict::kReview;
    Fields review = then.Nested("review");
    policy.review = ReadReview(review);
  }
  if (then.Has("deny")) {
    policy.verdict = domain::Verdict::kDeny;
    Fields deny = then.Nested("deny");
    policy.deny_message = deny.String("message");
  }
  if (then.Has("allow")) {
    policy.verdict = domain::Verdict::kAllow;
    const Fields allow = then.Nested("allow");
  }
  policy.masking = then.String("masking", policy.masking);
  if (then.Choice("recording", {"strict", "ordered"}) == "ordered") {
    policy.recording = domain::Recording::kOrdered;
  }
}

}  // namespace

domain::Policy ReadPolicy(std::string name, Fields& spec) {
  domain::Policy policy;
  policy.name = std::move(name);
  policy.priority = static_cast<int>(spec.Integer("priority", 0, -1'000'000, 1'000'000));
  if (spec.Has("match")) {
    Fields match = spec.Nested("match");
    policy.match.connections = match.Strings("connections");
    policy.match.groups = match.Strings("groups");
    policy.match.identities = match.Strings("identities");
    policy.match.models = match.Strings("models");
    policy.match.except_models = match.Strings("exceptModels");
    policy.match.operations = match.Strings("operations");
  }
  if (spec.Has("when")) {
    policy.when = ReadCondition(spec.Child("when"), spec.Path("when"), 0, spec.mistakes());
  }
  if (!spec.Has("then")) spec.Mistake("then", "is required");
  if (spec.Has("then")) {
    Fields then = spec.Nested("then");
    ReadThen(then, policy);
  }
  return policy;
}

}  // namespace countersign::config
