#include "services/policy/rules/evaluator.h"

#include <catch2/catch.hpp>
#include <limits>

#include "libs/base/status.h"
#include "services/policy/rules/condition_evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/testing/fake_text_engine.h"
#include "services/policy/testing/rule_fixture.h"

namespace countersign::policy::rules {
namespace {

using domain::Verdict;

// A compiled set, and queries to it.
class Gate {
 public:
  explicit Gate(std::vector<domain::Policy> policies) {
    auto compiled = CompileSnapshot(MakeSet(std::move(policies)), engine, nullptr);
    INFO(compiled.status().ToString());
    REQUIRE(compiled.ok());
    snapshot = *std::move(compiled);
  }

  domain::Decision Ask(const domain::Prompt& prompt, const domain::Principal& who = Ann(),
                       const std::string& connection = "openai") const {
    const auto decision = Evaluate(*snapshot, {who, connection, prompt});
    INFO(decision.status().ToString());
    REQUIRE(decision.ok());
    return *decision;
  }
  domain::Decision Ask(const char* text) const { return Ask(UserSays(text)); }

  FakeTextEngine engine;
  std::shared_ptr<const Snapshot> snapshot;
};

TEST_CASE("Evaluate: without any policy it denies, and names no policy", "[policy]") {
  const domain::Decision decision = Gate({}).Ask("hello");
  CHECK(decision.verdict == Verdict::kDeny);
  CHECK(decision.policy.empty());
  CHECK(decision.masking_profile == "tier1");
  CHECK(decision.recording == domain::Recording::kStrict);
}

TEST_CASE("Evaluate: when no policy matches the answer is deny", "[policy]") {
  const domain::Decision decision = Gate({When(Allow("chat"), Keywords("hipaa"))}).Ask("hello");
  CHECK(decision.verdict == Verdict::kDeny);
  CHECK(decision.policy.empty());
}

TEST_CASE("Evaluate: a policy without match and when applies to everything", "[policy]") {
  const domain::Decision decision = Gate({Allow("everyone")}).Ask("hello");
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.policy == "everyone");
  CHECK(decision.policy_version == 7);
}

TEST_CASE("Evaluate: a deny wins over any priority", "[policy]") {
  const domain::Decision decision =
      Gate({Allow("vip", 1000), Review("careful", 999), Deny("never", -5, "not here")})
          .Ask("hello");
  CHECK(decision.verdict == Verdict::kDeny);
  CHECK(decision.policy == "never");
  CHECK(decision.message == "not here");
}

TEST_CASE("Evaluate: a deny that does not match has no effect", "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("codes"), Keywords("codes"))});
  CHECK(gate.Ask("hello").verdict == Verdict::kAllow);
  CHECK(gate.Ask("about Bluebird").verdict == Verdict::kDeny);
}

TEST_CASE("Evaluate: of several denies the one with the highest priority decides", "[policy]") {
  const domain::Decision decision = Gate({Deny("low", 1, "a"), Deny("high", 2, "b")}).Ask("hello");
  CHECK(decision.policy == "high");
  CHECK(decision.message == "b");
}

TEST_CASE("Evaluate: the highest priority decides between allow and review", "[policy]") {
  CHECK(Gate({Allow("a", 2), Review("b", 1)}).Ask("x").verdict == Verdict::kAllow);
  CHECK(Gate({Allow("a", 1), Review("b", 2)}).Ask("x").verdict == Verdict::kReview);
}

TEST_CASE("Evaluate: review beats allow where priorities are equal, whatever the names",
          "[policy]") {
  CHECK(Gate({Allow("a", 5), Review("z", 5)}).Ask("x").policy == "z");
  CHECK(Gate({Allow("z", 5), Review("a", 5)}).Ask("x").policy == "a");
}

TEST_CASE("Evaluate: the smaller name decides between equals", "[policy]") {
  CHECK(Gate({Review("beta", 5), Review("alpha", 5)}).Ask("x").policy == "alpha");
}

TEST_CASE("Evaluate: the extremes of priority keep their order", "[policy]") {
  const int least = std::numeric_limits<int>::min();
  const int most = std::numeric_limits<int>::max();
  CHECK(Gate({Allow("a", least), Review("b", most)}).Ask("x").policy == "b");
}

TEST_CASE("Evaluate: masking, recording and review terms come from the deciding policy",
          "[policy]") {
  domain::Policy review = Review("careful", 10);
  review.masking = "standard";
  review.recording = domain::Recording::kOrdered;
  review.review.approvals = 2;
  domain::Policy other = Allow("other", 1);
  other.masking = "none";
  const domain::Decision decision = Gate({review, other}).Ask("x");
  CHECK(decision.masking_profile == "standard");
  CHECK(decision.recording == domain::Recording::kOrdered);
  CHECK(decision.review.approvals == 2);
  CHECK(decision.review.reviewers == std::vector<std::string>{"security"});
}

TEST_CASE("Evaluate: a policy for one connection does not apply to another", "[policy]") {
  domain::Policy allow = Allow("openai-only");
  allow.match.connections = {"openai"};
  const Gate gate({allow});
  CHECK(gate.Ask(UserSays("x")).verdict == Verdict::kAllow);
  CHECK(gate.Ask(UserSays("x"), Ann(), "other").verdict == Verdict::kDeny);
}

TEST_CASE("Evaluate: an unknown connection is an error and never an allow", "[policy]") {
  const Gate gate({Allow("everyone")});
  const domain::Principal ann = Ann();
  const std::string nowhere = "nowhere";
  const auto decision = Evaluate(*gate.snapshot, {ann, nowhere, UserSays("x")});
  CHECK(decision.status().code() == absl::StatusCode::kNotFound);
  CHECK(GetReason(decision.status()) == "unknown_connection");
}

TEST_CASE("Evaluate: a policy for another group does not match", "[policy]") {
  domain::Policy allow = Allow("finance-only");
  allow.match.groups = {"finance", "oncall"};
  const Gate gate({allow});
  CHECK(gate.Ask(UserSays("x")).verdict == Verdict::kAllow);
  domain::Principal outsider = Ann();
  outsider.groups = {"engineering"};
  CHECK(gate.Ask(UserSays("x"), outsider).verdict == Verdict::kDeny);
  outsider.groups = {};
  CHECK(gate.Ask(UserSays("x"), outsider).verdict == Verdict::kDeny);
}

TEST_CASE("Evaluate: a policy for an identity does not match a principal without one", "[policy]") {
  domain::Policy allow = Allow("ann-only");
  allow.match.identities = {"ann"};
  const Gate gate({allow});
  CHECK(gate.Ask(UserSays("x")).verdict == Verdict::kAllow);
  domain::Principal unmapped = Ann();
  unmapped.identity = "";  // a subject "ann" is not the identity "ann"
  CHECK(gate.Ask(UserSays("x"), unmapped).verdict == Verdict::kDeny);
}

TEST_CASE("Evaluate: models are globs over the requested model", "[policy]") {
  domain::Policy allow = Allow("small-models");
  allow.match.models = {"gpt-4o-*", "o?-mini"};
  const Gate gate({allow});
  for (const auto& [model, expected] :
       std::vector<std::pair<std::string, Verdict>>{{"gpt-4o-mini", Verdict::kAllow},
                                                    {"o3-mini", Verdict::kAllow},
                                                    {"gpt-4o", Verdict::kDeny},
                                                    {"", Verdict::kDeny}}) {
    INFO(model);
    domain::Prompt prompt = UserSays("x");
    prompt.model = model;
    CHECK(gate.Ask(prompt).verdict == expected);
  }
}

TEST_CASE("Evaluate: a policy leaves out the models of exceptModels", "[policy]") {
  domain::Policy allow = Allow("most");
  allow.match.models = {"gpt-*", "o3"};
  allow.match.except_models = {"gpt-4o*", "o1"};
  domain::Policy review = Review("rest");
  review.match.except_models = {"gpt-5", "o?"};
  const Gate gate({allow, review});
  for (const auto& [model, expected] :
       std::vector<std::pair<std::string, Verdict>>{{"gpt-4", Verdict::kReview},
                                                    {"gpt-5", Verdict::kAllow},
                                                    {"gpt-4o-mini", Verdict::kReview},
                                                    {"o3", Verdict::kAllow},
                                                    {"o1", Verdict::kDeny},
                                                    {"", Verdict::kReview}}) {
    INFO(model);
    domain::Prompt prompt = UserSays("x");
    prompt.model = model;
    CHECK(gate.Ask(prompt).verdict == expected);
  }
}

TEST_CASE("Evaluate: operations are named exactly", "[policy]") {
  domain::Policy allow = Allow("listing");
  allow.match.operations = {"models.list"};
  const Gate gate({allow});
  CHECK(gate.Ask(UserSays("x")).verdict == Verdict::kDeny);
  domain::Prompt listing;
  listing.operation = "models.list";
  CHECK(gate.Ask(listing).verdict == Verdict::kAllow);
}

TEST_CASE("Evaluate: every section of match must fit", "[policy]") {
  domain::Policy allow = Allow("narrow");
  allow.match.groups = {"oncall"};
  allow.match.models = {"other-model"};
  CHECK(Gate({allow}).Ask("x").verdict == Verdict::kDeny);
}

TEST_CASE("Evaluate: a keyword's finding names policy, dictionary, part and span", "[policy]") {
  const Gate gate({When(Review("regulated"), Keywords("hipaa"))});
  domain::Prompt prompt = UserSays("hello");
  prompt.parts.push_back({"tool", "/messages/1/content", "the Patient record"});
  const domain::Decision decision = gate.Ask(prompt);
  REQUIRE(decision.findings.size() == 1);
  const domain::Finding& finding = decision.findings[0];
  CHECK(finding.policy == "regulated");
  CHECK(finding.condition == "keywords");
  CHECK(finding.rule == "hipaa");
  CHECK(finding.part == 1);
  CHECK(finding.begin == 4);
  CHECK(finding.end == 11);
}

TEST_CASE("Evaluate: a pattern's finding names the pattern", "[policy]") {
  const domain::Decision decision =
      Gate({When(Deny("sql"), Pattern("drop +table"))}).Ask("please drop  table users");
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].condition == "pattern");
  CHECK(decision.findings[0].rule == "drop +table");
  CHECK(decision.findings[0].begin == 7);
  CHECK(decision.findings[0].end == 18);
}

TEST_CASE("Evaluate: parts limit a condition to their roles", "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("k"), Keywords("hipaa", {"user", "tool"})),
                   When(Deny("p"), Pattern("secret", {"system"}))});
  domain::Prompt prompt = UserSays("hello");
  prompt.parts.push_back({"assistant", "/messages/1/content", "patient secret"});
  CHECK(gate.Ask(prompt).verdict == Verdict::kAllow);
  prompt.parts.push_back({"tool", "/messages/2/content", "a diagnosis"});
  CHECK(gate.Ask(prompt).policy == "k");
  prompt.parts[2] = {"system", "/messages/2/content", "a secret"};
  CHECK(gate.Ask(prompt).policy == "p");
}

TEST_CASE("Evaluate: a rule for system or tool parts holds for developer and function parts too",
          "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("s"), Keywords("hipaa", {"system"})),
                   When(Deny("t"), Keywords("codes", {"tool"}))});
  domain::Prompt prompt = UserSays("hello");
  prompt.parts.push_back({"developer", "/messages/1/content", "patient"});
  CHECK(gate.Ask(prompt).policy == "s");
  prompt.parts[1] = {"function", "/messages/1/content", "Bluebird"};
  CHECK(gate.Ask(prompt).policy == "t");
}

TEST_CASE("Evaluate: a text of an unknown role is looked at whichever roles a rule names",
          "[policy]") {
  domain::Prompt prompt = UserSays("hello");
  for (const char* role : {"ipython", "User", "critic", ""}) {
    CAPTURE(role);
    prompt.parts.resize(1);
    prompt.parts.push_back({role, "/messages/1/content", "patient"});
    for (const char* named : {"system", "user", "assistant", "tool"}) {
      const Gate gate({Allow("everyone"), When(Deny("k"), Keywords("hipaa", {named}))});
      CHECK(gate.Ask(prompt).policy == "k");
    }
  }
}

TEST_CASE("Evaluate: two conditions on one dictionary keep their own parts", "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("user"), Keywords("hipaa", {"user"})),
                   When(Review("any", 1), Keywords("hipaa"))});
  domain::Prompt prompt = UserSays("hello");
  prompt.parts.push_back({"assistant", "/messages/1/content", "patient"});
  CHECK(gate.Ask(prompt).policy == "any");
  CHECK(gate.Ask("patient").policy == "user");
}

TEST_CASE("Evaluate: tokens are counted over all parts with the connection's tokenizer",
          "[policy]") {
  const Gate gate({Allow("everyone"), When(Review("long", 1), Tokens(4))});
  domain::Prompt prompt = UserSays("one two");
  prompt.parts.push_back({"system", "/messages/1/content", "three four"});
  domain::Decision decision = gate.Ask(prompt);
  CHECK(decision.verdict == Verdict::kAllow);  // "over" is strict
  CHECK(decision.prompt_tokens == 4);

  decision = gate.Ask(prompt, Ann(), "other");
  CHECK(decision.prompt_tokens == 8);
  CHECK(decision.verdict == Verdict::kReview);
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].condition == "tokens");
  CHECK(decision.findings[0].rule == "8 tokens over 4");
  CHECK(decision.findings[0].begin == decision.findings[0].end);
}

domain::Prompt Words(std::size_t count, std::size_t parts = 1) {
  domain::Prompt prompt = UserSays("");
  for (std::size_t i = 0; i < count / parts; ++i) prompt.parts[0].text += "words ";
  prompt.parts.resize(parts, prompt.parts[0]);
  return prompt;
}

TEST_CASE("Evaluate: a denied long prompt is counted up to the largest applicable limit",
          "[policy]") {
  domain::Policy elsewhere = When(Deny("elsewhere"), Tokens(70'000));
  elsewhere.match.connections = {"other"};
  const Gate gate({Allow("everyone"), When(Deny("a"), Tokens(20'000)), elsewhere,
                   When(Deny("b", 1), Any({Keywords("codes"), Not(Tokens(30'000))}))});
  for (const std::size_t parts : {std::size_t{1}, std::size_t{1000}}) {
    const std::size_t before = gate.engine.words().counted;
    const domain::Decision decision = gate.Ask(Words(200'000, parts));
    CHECK(decision.policy == "a");
    CHECK(decision.findings.at(0).rule == "at least 30001 tokens over 20000");
    CHECK(decision.prompt_tokens == 30'001);
    CHECK(gate.engine.words().counted - before == 30'001);
  }
  // "b" holds because of the text after the limit.
  CHECK(gate.Ask(Words(30'000)).policy == "b");
  CHECK(gate.Ask(Words(30'000)).prompt_tokens == 30'000);
}

TEST_CASE("Evaluate: without a limit a denied long prompt is not counted completely", "[policy]") {
  const Gate gate({Deny("nobody")});
  CHECK(gate.Ask(Words(200'000)).prompt_tokens == kCountedTokens + 1);
  CHECK(gate.Ask(Words(10'000)).prompt_tokens == 10'000);  // not long
}

TEST_CASE("Evaluate: a long prompt that is not denied is counted completely", "[policy]") {
  const Gate gate({Allow("everyone"), When(Review("long", 1), Tokens(20'000))});
  const domain::Decision reviewed = gate.Ask(Words(200'000));
  CHECK(reviewed.prompt_tokens == 200'000);
  CHECK(reviewed.findings.at(0).rule == "200000 tokens over 20000");
  CHECK(Gate({Allow("everyone")}).Ask(Words(200'000)).prompt_tokens == 200'000);
}

TEST_CASE("Evaluate: a connection without a tokenizer counts as the model does", "[policy]") {
  domain::Prompt prompt = UserSays("one two");
  prompt.model = "double-model";
  CHECK(Gate({Allow("everyone")}).Ask(prompt).prompt_tokens == 4);
}

TEST_CASE("Evaluate: a parameter holds only above its limit, and only when it is there",
          "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("hot"), Parameter("temperature", 1.5))});
  domain::Prompt prompt = UserSays("x");
  CHECK(gate.Ask(prompt).verdict == Verdict::kAllow);
  prompt.parameters["temperature"] = 1.5;
  CHECK(gate.Ask(prompt).verdict == Verdict::kAllow);
  prompt.parameters["temperature"] = 1.6;
  const domain::Decision decision = gate.Ask(prompt);
  CHECK(decision.verdict == Verdict::kDeny);
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].rule == "temperature 1.6 over 1.5");
}

TEST_CASE("Evaluate: a limit on max_tokens applies to its newer names, too", "[policy]") {
  const Gate gate({Allow("everyone"), When(Deny("big"), Parameter("max_tokens", 8000))});
  for (const char* name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    INFO(name);
    domain::Prompt prompt = UserSays("x");
    prompt.parameters[name] = 9000;
    const domain::Decision decision = gate.Ask(prompt);
    CHECK(decision.verdict == Verdict::kDeny);
    CHECK(decision.findings.at(0).rule == std::string(name) + " 9000 over 8000");
  }
}

TEST_CASE("Evaluate: any holds when one child does, and reports each that does", "[policy]") {
  const Gate gate({When(Review("r"), Any({Keywords("hipaa"), Pattern("secret"), Tokens(100)}))});
  CHECK(gate.Ask("hello").policy.empty());
  CHECK(gate.Ask("a secret").findings.size() == 1);
  CHECK(gate.Ask("a secret about a patient").findings.size() == 2);
}

TEST_CASE("Evaluate: all holds when every child does, and otherwise gives no finding", "[policy]") {
  const Gate gate({Allow("everyone"),
                   When(Deny("d"), All({Keywords("hipaa"), Not(Keywords("codes")), Tokens(1)}))});
  CHECK(gate.Ask("the patient").policy == "d");
  CHECK(gate.Ask("the patient").findings.size() == 2);
  const domain::Decision passed = gate.Ask("the patient Bluebird");
  CHECK(passed.policy == "everyone");
  CHECK(passed.findings.empty());
  CHECK(gate.Ask("patient").policy == "everyone");
}

TEST_CASE("Evaluate: not gives no finding", "[policy]") {
  const Gate gate({When(Allow("clean"), Not(Any({Keywords("hipaa"), Keywords("codes")})))});
  CHECK(gate.Ask("hello").policy == "clean");
  CHECK(gate.Ask("hello").findings.empty());
  CHECK(gate.Ask("patient").policy.empty());
  CHECK(gate.Ask("patient").findings.empty());
}

TEST_CASE("Evaluate: nested conditions are evaluated as a tree", "[policy]") {
  const Gate gate(
      {Allow("everyone"),
       When(Deny("d"), Not(Any({Not(Keywords("hipaa")), All({Pattern("ok"), Tokens(3)})})))});
  CHECK(gate.Ask("hello").policy == "everyone");
  CHECK(gate.Ask("patient").policy == "d");
  CHECK(gate.Ask("patient is ok").policy == "d");
  CHECK(gate.Ask("patient is ok today").policy == "everyone");
}

TEST_CASE("Evaluate: findings are those of all matching policies, the deciding one's first",
          "[policy]") {
  const domain::Decision decision =
      Gate({When(Allow("a", 9), Keywords("codes")), When(Deny("z", 1), Keywords("hipaa"))})
          .Ask("Bluebird patient");
  REQUIRE(decision.findings.size() == 2);
  CHECK(decision.findings[0].policy == "z");
  CHECK(decision.findings[1].policy == "a");
}

TEST_CASE("Evaluate: a long conversation gives a bounded number of findings", "[policy]") {
  std::vector<domain::Policy> policies;
  for (int i = 0; i < 20; ++i) {
    policies.push_back(When(Review("p" + std::to_string(i)), Keywords("hipaa")));
  }
  const Gate gate(policies);
  domain::Prompt prompt = UserSays("patient");
  for (int i = 0; i < 500; ++i) prompt.parts.push_back({"user", "/x", "patient"});
  const domain::Decision decision = gate.Ask(prompt);
  CHECK(decision.findings.size() == kMaxFindings);
  CHECK(std::count_if(decision.findings.begin(), decision.findings.end(), [&](const auto& finding) {
          return finding.policy == decision.policy;
        }) == static_cast<long>(kMaxFindingsPerCondition));
}

TEST_CASE("Evaluate: a failing text engine is an error, even where a policy would allow",
          "[policy]") {
  Gate gate({Allow("everyone", 100), When(Review("r"), Keywords("hipaa"))});
  gate.engine.scan_failure = absl::InternalError("scratch space");
  const domain::Principal ann = Ann();
  const std::string connection = "openai";
  const auto decision = Evaluate(*gate.snapshot, {ann, connection, UserSays("hello")});
  CHECK(decision.status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("Evaluate: text is not scanned where no policy that applies reads it", "[policy]") {
  domain::Policy elsewhere = When(Deny("d"), Keywords("hipaa"));
  elsewhere.match.connections = {"other"};
  Gate gate({Allow("everyone"), elsewhere});
  gate.engine.scan_failure = absl::InternalError("scratch space");
  CHECK(gate.Ask("patient").verdict == Verdict::kAllow);
}

TEST_CASE("Evaluate: a prompt without parts is decided like any other", "[policy]") {
  domain::Prompt listing;
  listing.operation = "models.list";
  const domain::Decision decision =
      Gate({Allow("everyone"), When(Deny("d"), Keywords("hipaa"))}).Ask(listing);
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.prompt_tokens == 0);
}

}  // namespace
}  // namespace countersign::policy::rules
