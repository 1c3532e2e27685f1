#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <tuple>

#include "libs/base/glob.h"
#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/testing/fake_text_engine.h"
#include "services/policy/testing/rule_fixture.h"

// Compares Evaluate, for random sets and queries, with an evaluator written directly from the
// contract, without compilation, sharing or ordering.
namespace countersign::policy::rules {
namespace {

class NaiveEvaluator {
 public:
  NaiveEvaluator(const domain::ResourceSet& set, const domain::Principal& who,
                 const std::string& connection, const domain::Prompt& prompt)
      : set_(set), who_(who), connection_(connection), prompt_(prompt) {}

  // The verdict and the deciding policy.
  std::pair<domain::Verdict, std::string> Decide() const {
    const domain::Policy* best = nullptr;
    for (const auto& [name, policy] : set_.policies) {
      if (Matches(policy) && (best == nullptr || Beats(policy, *best))) best = &policy;
    }
    if (best == nullptr) return {domain::Verdict::kDeny, ""};
    return {best->verdict, best->name};
  }

 private:
  static bool Beats(const domain::Policy& a, const domain::Policy& b) {
    const bool deny_a = a.verdict == domain::Verdict::kDeny;
    const bool deny_b = b.verdict == domain::Verdict::kDeny;
    if (deny_a != deny_b) return deny_a;
    if (a.priority != b.priority) return a.priority > b.priority;
    const bool review_a = a.verdict == domain::Verdict::kReview;
    const bool review_b = b.verdict == domain::Verdict::kReview;
    if (review_a != review_b) return review_a;
    return a.name < b.name;
  }

  static bool In(const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  bool Matches(const domain::Policy& policy) const {
    const auto& match = policy.match;
    if (!match.connections.empty() && !In(match.connections, connection_)) return false;
    if (!match.identities.empty() && !In(match.identities, who_.identity)) return false;
    if (!match.operations.empty() && !In(match.operations, prompt_.operation)) return false;
    bool group = match.groups.empty();
    for (const std::string& mine : who_.groups) group |= In(match.groups, mine);
    bool model = match.models.empty();
    for (const std::string& glob : match.models) model |= GlobMatch(glob, prompt_.model);
    for (const std::string& glob : match.except_models) model &= !GlobMatch(glob, prompt_.model);
    return group && model && (!policy.when.has_value() || Holds(*policy.when));
  }

  bool Holds(const domain::Condition& condition) const {
    switch (condition.kind) {
      case domain::Condition::Kind::kAny: {
        bool any = false;
        for (const auto& child : condition.children) any = any || Holds(child);
        return any;
      }
      case domain::Condition::Kind::kAll: {
        bool all = true;
        for (const auto& child : condition.children) all = all && Holds(child);
        return all;
      }
      case domain::Condition::Kind::kNot: return !Holds(condition.children[0]);
      case domain::Condition::Kind::kLeaf: break;
    }
    if (const auto* tokens = std::get_if<domain::TokensCondition>(&condition.leaf)) {
      std::size_t count = 0;
      for (const auto& part : prompt_.parts) {
        count += WordTokenizer(connection_ == "other" ? 2 : 1).Count(part.text);
      }
      return count > tokens->over;
    }
    if (const auto* parameter = std::get_if<domain::ParameterCondition>(&condition.leaf)) {
      for (const auto& [name, value] : prompt_.parameters) {
        const bool is_limit = parameter->name == "max_tokens" && name == "max_output_tokens";
        if ((name == parameter->name || is_limit) && !(value <= parameter->over)) return true;
      }
      return false;
    }
    const auto* keywords = std::get_if<domain::KeywordsCondition>(&condition.leaf);
    const auto* pattern = std::get_if<domain::PatternCondition>(&condition.leaf);
    const auto& parts = keywords != nullptr ? keywords->parts : pattern->parts;
    bool found = false;
    for (const auto& part : prompt_.parts) {
      if (!parts.empty() && !In(parts, part.role)) continue;
      if (pattern != nullptr) found |= std::regex_search(part.text, std::regex(pattern->regex));
      if (keywords == nullptr) continue;
      for (const std::string& term : set_.dictionaries.at(keywords->dictionary).terms) {
        found |= part.text.find(term) != std::string::npos;
      }
    }
    return found;
  }

  const domain::ResourceSet& set_;
  const domain::Principal& who_;
  const std::string& connection_;
  const domain::Prompt& prompt_;
};

// Draws from small alphabets, so that values coincide often.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  bool OneIn(int n) { return Below(n) == 0; }
  std::string Pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }
  std::vector<std::string> Some(const std::vector<std::string>& from) {
    std::vector<std::string> some;
    if (!OneIn(3)) return some;
    for (int i = 0; i <= Below(2); ++i) some.push_back(Pick(from));
    return some;
  }

  domain::Condition Condition(int depth) {
    const int kind = Below(depth > 0 ? 8 : 4);
    if (kind == 7) return SomeAbsent();
    if (kind == 0) return Keywords(Pick({"hipaa", "codes"}), Some(kRoles));
    if (kind == 1) return Pattern(Pick({"pa.ient", "B|x", "o+k"}), Some(kRoles));
    if (kind == 2) return Tokens(static_cast<std::size_t>(Below(8)));
    if (kind == 3) return Parameter(Pick({"temperature", "n", "max_tokens"}), Below(3));
    if (kind == 4) return Not(Condition(depth - 1));
    std::vector<domain::Condition> children;
    for (int i = 0; i <= Below(3); ++i) children.push_back(Condition(depth - 1));
    return kind == 5 ? Any(std::move(children)) : All(std::move(children));
  }

  // Requires that one of one to six things is missing.
  domain::Condition SomeAbsent() {
    std::vector<domain::Condition> children;
    for (int i = 0; i <= Below(6); ++i) children.push_back(Not(Condition(0)));
    if (OneIn(3)) children.push_back(Condition(0));
    return Any(std::move(children));
  }

  domain::Policy Policy(int number) {
    domain::Policy policy = Allow("p" + std::to_string(number), Below(3));
    policy.verdict = static_cast<domain::Verdict>(OneIn(4) ? 0 : 1 + Below(2));
    policy.match.connections = Some({"openai", "other"});
    policy.match.groups = Some({"engineering", "oncall", "finance"});
    policy.match.identities = Some({"ann", "bob"});
    policy.match.models = Some({"gpt-*", "*mini", "gpt-4?"});
    if (OneIn(4)) policy.match.except_models = Some({"gpt-*", "*-mini", "o3-mini"});
    policy.match.operations = Some({"chat.completions", "models.list"});
    if (!OneIn(4)) policy.when = Condition(3);
    return policy;
  }

  domain::Prompt Prompt() {
    domain::Prompt prompt;
    prompt.operation = Pick({"chat.completions", "models.list"});
    prompt.model = Pick({"gpt-4o", "gpt-4o-mini", "o3-mini"});
    for (int i = Below(4); i > 0; --i) {
      std::string text;
      for (int word = Below(4); word > 0; --word) {
        text += Pick({"patient", "Bluebird", "ok", "x", "hello"}) + " ";
      }
      prompt.parts.push_back({Pick(kRoles), "/p", text});
    }
    if (OneIn(2)) prompt.parameters["temperature"] = Below(4);
    if (OneIn(2)) prompt.parameters["n"] = Below(4);
    if (OneIn(3)) prompt.parameters["max_tokens"] = Below(4);
    if (OneIn(3)) prompt.parameters["max_output_tokens"] = Below(4);
    if (OneIn(9)) prompt.parameters["n"] = std::numeric_limits<double>::quiet_NaN();
    return prompt;
  }

 private:
  const std::vector<std::string> kRoles = {"system", "user", "assistant", "tool"};
  std::mt19937 random_;
};

TEST_CASE("Evaluate: agrees with the naive evaluator on random sets and queries", "[policy]") {
  const std::uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  Generator generator(seed);
  const FakeTextEngine engine;
  int decided = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<domain::Policy> policies;
    for (int i = generator.Below(8); i >= 0; --i) policies.push_back(generator.Policy(i));
    const auto set = MakeSet(std::move(policies));
    set->dictionaries["hipaa"].normalize = domain::Normalize::kNone;
    const auto snapshot = CompileSnapshot(set, engine, nullptr);
    REQUIRE(snapshot.ok());
    for (int question = 0; question < 10; ++question) {
      domain::Principal who = Ann();
      who.groups = generator.Some({"engineering", "oncall", "finance"});
      who.identity = generator.Pick({"ann", "bob", ""});
      const std::string connection = generator.Pick({"openai", "other"});
      const domain::Prompt prompt = generator.Prompt();
      const auto decision = Evaluate(**snapshot, {who, connection, prompt});
      REQUIRE(decision.ok());
      const auto expected = NaiveEvaluator(*set, who, connection, prompt).Decide();
      INFO("round " << round << ", question " << question);
      REQUIRE(decision->policy == expected.second);
      REQUIRE(decision->verdict == expected.first);
      decided += !decision->policy.empty();
    }
  }
  CHECK(decided > 300);  // otherwise the queries test nothing
}

bool SameFinding(const domain::Finding& a, const domain::Finding& b) {
  return std::tie(a.policy, a.condition, a.rule, a.part, a.begin, a.end) ==
         std::tie(b.policy, b.condition, b.rule, b.part, b.begin, b.end);
}

TEST_CASE("Evaluate: agrees with Explain, findings included, on large sets", "[policy]") {
  const std::uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  Generator generator(seed);
  const FakeTextEngine engine;
  int with_findings = 0;
  for (int round = 0; round < 40; ++round) {
    // Enough policies for several words of a bitmap, for dense and sparse sets, and for threshold
    // lists with several strides.
    std::vector<domain::Policy> policies;
    const int count = round % 2 == 0 ? 60 + generator.Below(80) : 400;
    for (int i = 0; i < count; ++i) policies.push_back(generator.Policy(i));
    // Only few policies that always hold; otherwise they would decide everything.
    for (domain::Policy& policy : policies) {
      if (!policy.when.has_value() && !generator.OneIn(20)) {
        policy.when = generator.OneIn(2) ? Tokens(static_cast<std::size_t>(generator.Below(12)))
                                         : Not(Parameter("n", generator.Below(3)));
      }
      if (policy.verdict == domain::Verdict::kDeny) policy.match.identities = {"bob"};
    }
    const auto snapshot = CompileSnapshot(MakeSet(std::move(policies)), engine, nullptr);
    REQUIRE(snapshot.ok());
    for (int question = 0; question < 15; ++question) {
      domain::Principal who = Ann();
      who.groups = generator.Some({"engineering", "oncall", "finance"});
      who.identity = generator.Pick({"ann", "bob", ""});
      const std::string connection = generator.Pick({"openai", "other"});
      const domain::Prompt prompt = generator.Prompt();
      const auto decision = Evaluate(**snapshot, {who, connection, prompt});
      const auto plain = Explain(**snapshot, {who, connection, prompt});
      REQUIRE(decision.ok());
      REQUIRE(plain.ok());
      INFO("round " << round << ", question " << question);
      REQUIRE(decision->policy == plain->decision.policy);
      REQUIRE(decision->verdict == plain->decision.verdict);
      REQUIRE(decision->masking_profile == plain->decision.masking_profile);
      REQUIRE(decision->prompt_tokens == plain->decision.prompt_tokens);
      REQUIRE(decision->findings.size() == plain->decision.findings.size());
      REQUIRE(std::equal(decision->findings.begin(), decision->findings.end(),
                         plain->decision.findings.begin(), SameFinding));
      with_findings += !decision->findings.empty();
    }
  }
  CHECK(with_findings > 60);
}

}  // namespace
}  // namespace countersign::policy::rules
