#include "services/cli/offline/offline_policy.h"

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "services/cli/testing/sample_policies.h"

namespace countersign::cli::offline {
namespace {

const std::string kResources = std::string(R"(
apiVersion: countersign/v1
kind: Credential
metadata: {name: key}
spec: {bearer: {env: A_KEY_THAT_IS_NOT_SET}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
spec: {protocol: openai, url: "https://api.example/v1", credential: key}
)") + testing::kSamplePolicies;

std::unique_ptr<OfflinePolicy> Loaded() {
  auto loaded = OfflinePolicy::Load({{"a.yaml", kResources}}, {}, {});
  INFO(loaded.status());
  REQUIRE(loaded.ok());
  return *std::move(loaded);
}

config::PolicyCase Case(const std::string& prompt, const std::string& expect) {
  config::PolicyCase one;
  one.name = "case";
  one.identity = "ann";
  one.connection = "openai";
  one.messages = {{"user", prompt}};
  one.expect = expect;
  return one;
}

TEST_CASE("RunCase: passes when its expectation is met", "[cli]") {
  const auto policies = Loaded();
  CHECK(RunCase(*policies, Case("hello", "allow")).passed);
  config::PolicyCase denied = Case("about BLUEBIRD", "deny");
  denied.policy = "no-codenames";
  denied.reason = "keywords codenames";
  const CaseResult result = RunCase(*policies, denied);
  INFO(result.failure);
  CHECK(result.passed);
  CHECK(result.got == "deny by no-codenames");
}

TEST_CASE("RunCase: reports a different verdict, policy, reason or connection", "[cli]") {
  const auto policies = Loaded();
  CHECK(RunCase(*policies, Case("hello", "deny")).failure == "expected deny");
  config::PolicyCase other = Case("bluebird", "deny");
  other.policy = "engineers";
  CHECK(RunCase(*policies, other).failure == "expected the policy engineers");
  other = Case("bluebird", "deny");
  other.reason = "tokens";
  CHECK(RunCase(*policies, other).failure ==
        "expected the reason \"tokens\"; the reasons are keywords codenames");
  other = Case("hello", "allow");
  other.connection = "elsewhere";
  CHECK_FALSE(RunCase(*policies, other).passed);
}

TEST_CASE("OfflinePolicy: a data: URL is read as the gateway reads it", "[cli]") {
  const auto policies = Loaded();
  const std::string word = absl::Base64Escape("about bluebird");
  for (const std::string& prompt : {"data:text/plain;base64," + word, "data:;base64," + word + "#x",
                                    std::string("data:,about%20blue%62ird")}) {
    const auto answer = policies->Ask(Case(prompt, ""));
    REQUIRE(answer.ok());
    CAPTURE(prompt);
    CHECK(answer->explanation.decision.verdict == domain::Verdict::kDeny);
    CHECK(answer->prompt.parts.back().pointer == "/messages/0/content");
  }
  CHECK(RunCase(*policies, Case("base64 of it is " + word.substr(0, 4), "allow")).passed);
}

TEST_CASE("OfflinePolicy: uses the Identity's groups and the given ones", "[cli]") {
  const auto policies = Loaded();
  config::PolicyCase stranger = Case("hello", "deny");
  stranger.identity = "bob";
  CHECK(RunCase(*policies, stranger).got.find("deny: permission_denied: bob may not call") == 0);
  stranger.groups = {"sales"};
  CHECK(RunCase(*policies, stranger).got == "deny: no policy matches");
  stranger.groups = {"engineering"};
  CHECK(RunCase(*policies, stranger).got == "allow by engineers");
}

TEST_CASE("OfflinePolicy: mistakes in resources are reported with their file", "[cli]") {
  const auto refused =
      OfflinePolicy::Load({{"a.yaml",
                            "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: "
                            "p}\nspec: {then: {alow: {}}}\n"}},
                          {}, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("a.yaml:") != absl::string_view::npos);
}

std::unique_ptr<OfflinePolicy> LoadedWith(const std::string& more,
                                          const OfflinePolicy::Source& source = {}) {
  std::string resources = kResources;
  resources.insert(resources.find(", credential: key}"), ", models: ['gpt-*']");
  auto loaded = OfflinePolicy::Load({{"a.yaml", resources + more}}, {}, source);
  INFO(loaded.status());
  REQUIRE(loaded.ok());
  return *std::move(loaded);
}

constexpr char kBinding[] = R"(---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [staff]}
---
apiVersion: countersign/v1
kind: Identity
metadata: {name: cleo}
spec: {kind: human, groups: [staff, engineering]}
)";

TEST_CASE("RunCase: a caller without a role is denied, whatever the policies say", "[cli]") {
  const auto policies = LoadedWith(kBinding);
  config::PolicyCase question = Case("hello", "deny");
  CHECK(RunCase(*policies, question).got ==
        "deny: permission_denied: ann may not call connection \"openai\": no RoleBinding gives it "
        "the role caller there");
  question.groups = {"staff"};
  CHECK(RunCase(*policies, question).got == "allow by engineers");
  question.identity = "cleo";
  question.groups = {};
  CHECK(RunCase(*policies, question).got == "allow by engineers");
}

TEST_CASE("RunCase: an unknown identity without a group is denied, with or without bindings",
          "[cli]") {
  config::PolicyCase question = Case("hello", "deny");
  question.identity = "anne";
  for (const char* const more : {"", kBinding}) {
    const auto policies = LoadedWith(more);
    const CaseResult result = RunCase(*policies, question);
    CHECK(result.passed);
    CHECK(result.got.find("deny: permission_denied: anne may not call") == 0);
  }
  // A verified token that matched no Identity has the groups that it says, and what they may do.
  question.groups = {"staff", "engineering"};
  CHECK(RunCase(*LoadedWith(kBinding), question).got == "allow by engineers");
}

TEST_CASE("RunCase: a model that the connection does not serve is denied", "[cli]") {
  const auto policies = LoadedWith("");
  config::PolicyCase question = Case("hello", "deny");
  question.model = "o3";
  CHECK(RunCase(*policies, question).got ==
        "deny: model_not_found: connection \"openai\" has no model \"o3\"");
  question.model = "gpt-4o";
  CHECK(RunCase(*policies, question).got == "allow by engineers");
  question.policy = "engineers";
  question.model = "o3";
  CHECK_FALSE(RunCase(*policies, question).passed);  // no policy decided
}

TEST_CASE("OfflinePolicy: without bindings a gateway gives no roles, and files leave them open",
          "[cli]") {
  const auto files = LoadedWith("");
  const auto gateway = LoadedWith("", {.is_gateway = true});
  const config::PolicyCase question = Case("hello", "allow");
  CHECK(RunCase(*files, question).passed);
  CHECK(files->Doubts(question) ==
        std::vector<std::string>{
            "no RoleBinding is given: whether \"ann\" has the role caller is not checked"});
  CHECK_FALSE(RunCase(*gateway, question).passed);
  CHECK(gateway->Doubts(question).empty());
}

TEST_CASE("OfflinePolicy: a refusal is a deny without a policy; the policies' results are kept",
          "[cli]") {
  config::PolicyCase question = Case("about bluebird", "deny");
  question.model = "o3";
  const auto answer = LoadedWith("")->Ask(question);
  REQUIRE(answer.ok());
  REQUIRE(answer->refusal.has_value());
  CHECK(answer->explanation.decision.verdict == domain::Verdict::kDeny);
  CHECK(answer->explanation.decision.policy.empty());
  CHECK(answer->explanation.policies.size() == 2);
}

}  // namespace
}  // namespace countersign::cli::offline
