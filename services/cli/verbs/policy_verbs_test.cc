#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"
#include "services/cli/testing/sample_policies.h"

namespace countersign::cli {
namespace {

const std::string kResources = std::string(R"(apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, identities: [ann]}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
spec: {protocol: openai, url: "https://api.example/v1"}
)") + testing::kSamplePolicies;

std::string Cases(const std::string& second_expectation) {
  return "resources: [policies.yaml]\ncases:\n"
         "  - {name: plain, as: {identity: ann}, connection: openai, prompt: hello, expect: "
         "allow}\n"
         "  - {name: secret, as: {identity: ann}, connection: openai, prompt: about bluebird, "
         "expect: " +
         second_expectation + "}\n";
}

TEST_CASE_METHOD(VerbTest, "policy test: a row for each case, status 1 if one fails",
                 "[cli][verbs]") {
  home.Write("policies.yaml", kResources);
  const RunResult passed = Run({"policy", "test", home.Write("t.yaml", Cases("deny"))});
  CHECK(passed.status == 0);
  CHECK(passed.out ==
        "result  case    got                   failure\n"
        "PASS    plain   allow by engineers    -\n"
        "PASS    secret  deny by no-codenames  -\n");
  const RunResult failed = Run({"policy", "test", home.Write("t.yaml", Cases("review"))});
  CHECK(failed.status == 1);
  CHECK(failed.out.find("FAIL    secret  deny by no-codenames  expected review\n") !=
        std::string::npos);
  CHECK(failed.err == "countersign: 1 of 2 cases failed\n");
}

TEST_CASE_METHOD(VerbTest, "policy test: a file that cannot be used is misuse", "[cli][verbs]") {
  CHECK(Run({"policy", "test", home.path + "/none.yaml"}).status == 2);
  const RunResult run = Run({"policy", "test", home.Write("t.yaml", "cases: []\n")});
  CHECK(run.status == 2);
  CHECK(run.err.find(home.path + "/t.yaml:") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "policy explain: the verdict, and what each policy contributed",
                 "[cli][verbs]") {
  const std::string path = home.Write("policies.yaml", kResources);
  const RunResult run = Run(
      {"policy", "explain", "-f", path, "--connection", "openai", "--as", "ann"}, "about bluebird");
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(run.out.find("deny by no-codenames, ") == 0);
  CHECK(run.out.find("no-codenames  deny     0         decides  keywords codenames  user 6-14  "
                     "bluebird\n") != std::string::npos);
  CHECK(run.out.find("engineers     allow    0         matches  -                   -          "
                     "-\n") != std::string::npos);
  CHECK(run.err.empty());
}

TEST_CASE_METHOD(VerbTest, "policy explain: without files it asks the gateway for its resources",
                 "[cli][verbs]") {
  const std::string get = "ResourceService/GetResources";
  gateway.Answer(get, R"({"items":[{"apiVersion":"countersign/v1","kind":"Connection",
    "name":"openai","spec":"{\"protocol\":\"openai\",\"url\":\"https://api.example/v1\"}"}],
    "nextPageToken":""})");
  gateway.Answer(get, R"({"items":[],"nextPageToken":""})");
  const RunResult run =
      Run({"policy", "explain", "--connection", "openai", "--as", "ann", "-o", "json"}, "hello");
  INFO(run.err);
  CHECK(run.status == 0);
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  CHECK(document->root()["verdict"].text() == "deny");
  CHECK(document->root()["code"].text() == "permission_denied");
  CHECK(document->root()["recording"].text() == "strict");
  CHECK(gateway.requests(get).size() == 5);
  CHECK(run.err ==
        "countersign: note: there is no Identity \"ann\": it has the groups given with --group "
        "alone\n");
}

TEST_CASE_METHOD(VerbTest, "policy explain: shows refusals that come before the policies",
                 "[cli][verbs]") {
  const std::string path = home.Write("policies.yaml", kResources);
  const RunResult nobody =
      Run({"policy", "explain", "-f", path, "--connection", "openai", "--as", "bob"}, "hello");
  CHECK(nobody.status == 0);
  CHECK(nobody.out.find("deny: permission_denied: bob may not call connection \"openai\"") == 0);
  CHECK(nobody.out.find("engineers") !=
        std::string::npos);  // the policies' results are shown anyway
}

TEST_CASE_METHOD(VerbTest, "policy explain: a parameter that is no NAME=NUMBER is misuse",
                 "[cli][verbs]") {
  const std::string path = home.Write("policies.yaml", kResources);
  for (const char* wrong : {"max_tokens", "=5", "max_tokens=many", "max_tokens=inf"}) {
    const RunResult run = Run({"policy", "explain", "-f", path, "--connection", "openai", "--as",
                               "ann", "--parameter", wrong},
                              "hello");
    CHECK(run.status == 2);
    CHECK(run.err.find("is not NAME=NUMBER (max_tokens=500)") != std::string::npos);
  }
}

TEST_CASE_METHOD(VerbTest, "policy explain: an unknown connection is a refusal", "[cli][verbs]") {
  const std::string path = home.Write("policies.yaml", kResources);
  const RunResult run =
      Run({"policy", "explain", "-f", path, "--connection", "none", "--as", "ann"}, "hello");
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: there is no connection \"none\"\n");
}

}  // namespace
}  // namespace countersign::cli
