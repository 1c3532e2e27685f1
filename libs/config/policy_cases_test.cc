#include "libs/config/policy_cases.h"

#include <catch2/catch.hpp>

namespace countersign::config {
namespace {

TEST_CASE("ReadPolicyTestFile: reads resources of both kinds and every field of a case",
          "[config]") {
  const auto file = ReadPolicyTestFile({"t.yaml", R"(resources:
  - policies.yaml
  - {apiVersion: countersign/v1, kind: Dictionary, metadata: {name: d}, spec: {terms: ["1", x]}}
cases:
  - name: one
    as: {identity: ann, groups: [ops]}
    connection: openai
    model: gpt-4o
    operation: embeddings
    messages: [{role: system, content: be kind}, {role: user, content: hello}]
    parameters: {max_tokens: 5, temperature: 0.5}
    expect: review
    policy: p
    reason: keywords d
)"});
  INFO(file.status());
  REQUIRE(file.ok());
  CHECK(file->paths == std::vector<std::string>{"policies.yaml"});
  REQUIRE(file->resources.size() == 1);
  CHECK(file->resources[0].content.find("[\"1\",\"x\"]") != std::string::npos);
  REQUIRE(file->cases.size() == 1);
  const PolicyCase& one = file->cases[0];
  CHECK(one.line == 5);
  CHECK(one.identity == "ann");
  CHECK(one.groups == std::vector<std::string>{"ops"});
  CHECK(one.operation == "embeddings");
  CHECK(one.messages ==
        std::vector<std::pair<std::string, std::string>>{{"system", "be kind"}, {"user", "hello"}});
  CHECK(one.parameters == std::map<std::string, double>{{"max_tokens", 5}, {"temperature", 0.5}});
  CHECK(one.expect == "review");
  CHECK(one.policy == "p");
  CHECK(one.reason == "keywords d");
}

TEST_CASE("ReadPolicyTestFile: every mistake has its line", "[config]") {
  const auto file = ReadPolicyTestFile({"t.yaml", R"(cases:
  - name: one
    connection: openai
    prompt: x
    expect: maybe
  - {name: two, prompt: x, messages: [], expect: deny}
)"});
  const std::string message(file.status().message());
  INFO(message);
  CHECK(message.find("t.yaml:5") != std::string::npos);
  CHECK(message.find("cases[1].connection") != std::string::npos);
  CHECK(message.find("exactly one of prompt, messages") != std::string::npos);
}

TEST_CASE("ReadPolicyTestFile: a file without cases, or not in YAML, is refused", "[config]") {
  CHECK_FALSE(ReadPolicyTestFile({"t.yaml", "resources: [a.yaml]\n"}).ok());
  CHECK_FALSE(ReadPolicyTestFile({"t.yaml", "cases: [\n"}).ok());
}

}  // namespace
}  // namespace countersign::config
