#include "services/cli/offline/offline_policy.h"

#include <catch2/catch.hpp>

namespace countersign::cli::offline {
namespace {

constexpr char kResources[] = R"(
apiVersion: countersign/v1
kind: Credential
metadata: {name: key}
spec: {bearer: {env: A_KEY_THAT_IS_NOT_SET}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
spec: {protocol: openai, url: "https://api.example/v1", credential: key}
---
apiVersion: countersign/v1
kind: Identity
metadata: {name: ann}
spec: {kind: human, groups: [engineering]}
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: codenames}
spec: {terms: [bluebird]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: engineers}
spec: {match: {groups: [engineering]}, then: {allow: {}}}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: no-codenames}
spec: {when: {keywords: {dictionary: codenames}}, then: {deny: {message: no}}}
)";

std::unique_ptr<OfflinePolicy> Loaded() {
  auto loaded = OfflinePolicy::Load({{"a.yaml", kResources}}, {}, config::References::kWithinFiles);
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

TEST_CASE("OfflinePolicy: uses the Identity's groups and the given ones", "[cli]") {
  const auto policies = Loaded();
  config::PolicyCase stranger = Case("hello", "deny");
  stranger.identity = "bob";
  CHECK(RunCase(*policies, stranger).got == "deny: no policy matches");
  stranger.groups = {"engineering"};
  CHECK(RunCase(*policies, stranger).got == "allow by engineers");
}

TEST_CASE("OfflinePolicy: mistakes in resources are reported with their file", "[cli]") {
  const auto refused =
      OfflinePolicy::Load({{"a.yaml",
                            "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: "
                            "p}\nspec: {then: {alow: {}}}\n"}},
                          {}, config::References::kWithinFiles);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("a.yaml:") != absl::string_view::npos);
}

TEST_CASE("OfflinePolicy: notes an unknown identity and a model that is not served", "[cli]") {
  std::string resources = kResources;
  resources.insert(resources.find(", credential: key}"), ", models: ['gpt-*']");
  const auto loaded =
      OfflinePolicy::Load({{"a.yaml", resources}}, {}, config::References::kWithinFiles);
  REQUIRE(loaded.ok());
  config::PolicyCase question = Case("hello", "allow");
  CHECK((*loaded)->Doubts(question).empty());
  question.model = "gpt-4o";
  CHECK((*loaded)->Doubts(question).empty());
  question.model = "o3";
  question.identity = "anne";
  CHECK((*loaded)->Doubts(question) ==
        std::vector<std::string>{
            "there is no Identity \"anne\": it has the groups given with --group alone",
            "the connection \"openai\" does not serve the model \"o3\""});
}

}  // namespace
}  // namespace countersign::cli::offline
