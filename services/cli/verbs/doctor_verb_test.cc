#include <catch2/catch.hpp>
#include <filesystem>

#include "services/cli/testing/run_verb.h"
#include "services/cli/testing/sample_resources.h"

namespace countersign::cli {
namespace {

constexpr char kWhoAmI[] = "IdentityService/WhoAmI";
constexpr char kParts[] = "ResourceService/ListParts";
constexpr char kExamine[] = "ResourceService/ExamineParts";
constexpr char kSessions[] = "SessionService/ListSessions";

// A gateway in order, whose resources are `resources`.
void AnswerWell(FakeGateway& gateway, std::vector<std::pair<std::string, std::string>> resources) {
  gateway.Answer(kWhoAmI, R"({"identity":"admin","roles":[{"role":"admin"},{"role":"auditor"}]})");
  gateway.Answer(kParts,
                 R"({"version":7,"items":[{"name":"edge","state":"SERVING","version":7}]})");
  gateway.Answer(kExamine, R"({"items":[{"part":"edge","check":"upstream openai","result":"ok",
    "detail":"api.example:443 over TLS accepts connections","advice":""}]})");
  gateway.Answer(kSessions, R"({"items":[],"nextPageToken":""})");
  Serve(gateway, std::move(resources));
}

TEST_CASE_METHOD(VerbTest, "doctor: a gateway in order", "[cli][verbs]") {
  auto resources = SampleResources();
  resources.emplace_back("RoleBinding",
                         Item("RoleBinding", "calls", R"({"role":"caller","groups":["ci"]})"));
  AnswerWell(gateway, resources);
  const RunResult run = Run({"doctor"});
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  CHECK(run.out ==
        "CHECK                  RESULT  DETAIL\n"
        "gateway                ok      http://127.0.0.1:8080 answers\n"
        "credential             ok      admin: admin, auditor\n"
        "parts                  ok      1 serve version 7\n"
        "edge: upstream openai  ok      api.example:443 over TLS accepts connections\n"
        "record                 ok      the recorder and its database answer\n"
        "connections            ok      1 with a credential\n"
        "callers                ok      there are bindings of the role caller\n"
        "policies               ok      1, of which 1 let calls pass\n");
}

TEST_CASE_METHOD(VerbTest, "doctor: what a part saw fails it, and says what to do",
                 "[cli][verbs]") {
  auto resources = SampleResources();
  resources.emplace_back("RoleBinding",
                         Item("RoleBinding", "calls", R"({"role":"caller","groups":["ci"]})"));
  gateway.Answer(kExamine, R"({"items":[{"part":"authn","check":"clock","result":"failed",
    "detail":"is 70 s behind policy's","advice":"set the clocks"}]})");
  AnswerWell(gateway, resources);
  const RunResult run = Run({"doctor"});
  CHECK(run.status == 1);
  CHECK(run.out.find("authn: clock  failed  is 70 s behind policy's\n") != std::string::npos);
  CHECK(run.err.find("authn: clock: set the clocks\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "doctor: a gateway that cannot examine itself is no failure",
                 "[cli][verbs]") {
  auto resources = SampleResources();
  resources.emplace_back("RoleBinding",
                         Item("RoleBinding", "calls", R"({"role":"caller","groups":["ci"]})"));
  gateway.Answer(kExamine, absl::NotFoundError("there is no such method"));
  AnswerWell(gateway, resources);
  const RunResult run = Run({"doctor"});
  CHECK(run.status == 0);
  CHECK(run.out.find("examination  skipped  ") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "doctor: says what is missing and what to do", "[cli][verbs]") {
  AnswerWell(gateway,
             {{"Policy", Item("Policy", "p", R"({"then":{"review":{"reviewers":["x"]}}})")}});
  const RunResult run = Run({"doctor", "-o", "json"});
  CHECK(run.status == 1);
  CHECK(run.err.find("connections: apply one: countersign explain connection --example\n") !=
        std::string::npos);
  CHECK(run.err.find("countersign: 2 checks failed\n") != std::string::npos);
  CHECK(run.out.find("nobody with the role reviewer may decide for p") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "doctor: what this caller may not ask is skipped", "[cli][verbs]") {
  gateway.Answer(kWhoAmI, R"({"identity":"ann","roles":[]})");
  for (const char* const method : {kParts, kExamine, kSessions, kGetResources}) {
    gateway.Answer(method, absl::PermissionDeniedError("no"));
  }
  const RunResult run = Run({"doctor"});
  CHECK(run.status == 0);
  CHECK(run.out.find("credential   warning  ann has no role\n") != std::string::npos);
  CHECK(run.out.find("parts        skipped  needs the role admin\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "doctor: a part that lags, and a recorder that does not answer",
                 "[cli][verbs]") {
  gateway.Answer(kWhoAmI, R"({"identity":"admin","roles":[{"role":"admin"}]})");
  gateway.Answer(kParts,
                 R"({"version":7,"items":[{"name":"masking","state":"LAGGING","version":6}]})");
  gateway.Answer(kExamine, R"({"items":[]})");
  gateway.Answer(kSessions, absl::UnavailableError("the disk is full"));
  Serve(gateway, SampleResources());
  const RunResult run = Run({"doctor"});
  CHECK(run.status == 1);
  CHECK(run.out.find("parts        failed  masking LAGGING\n") != std::string::npos);
  CHECK(run.out.find("record       failed  the disk is full\n") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "doctor --data: the folder, its disk and the administrator's key",
                 "[cli][verbs]") {
  AnswerWell(gateway, SampleResources());
  const std::string key = home.Write("admin.key", "k\n");
  std::filesystem::permissions(
      key, std::filesystem::perms::owner_all | std::filesystem::perms::group_read);
  const RunResult run = Run({"doctor", "--data", home.path});
  CHECK(run.out.find("MiB are free\n") != std::string::npos);
  CHECK(run.err.find("admin key: chmod 600 " + key + "\n") != std::string::npos);
  CHECK(Run({"doctor", "--data", "/no/such/folder"}).out.find("folder                 failed") !=
        std::string::npos);
}

}  // namespace
}  // namespace countersign::cli
