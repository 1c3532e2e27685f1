#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kParts[] = "ResourceService/ListParts";
constexpr char kSessions[] = "SessionService/ListSessions";

TEST_CASE_METHOD(VerbTest, "whoami: who, and with which roles on which connections",
                 "[cli][verbs]") {
  gateway.Answer("IdentityService/WhoAmI",
                 R"({"identity":"ann","issuer":"https://issuer.example","subject":"a1",
                     "kind":"human","groups":["ops","oncall"],"roles":[
                     {"role":"admin","connections":[]},
                     {"role":"caller","connections":["openai","other"]}]})");
  const RunResult run = Run({"whoami"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "identity    ann\n"
        "issuer      https://issuer.example\n"
        "subject     a1\n"
        "kind        human\n"
        "groups      ops,oncall\n"
        "expiresAt   -\n"
        "role        admin on all connections\n"
        "role        caller on openai,other\n");
}

TEST_CASE_METHOD(VerbTest, "whoami: a credential that does not stand is a refusal",
                 "[cli][verbs]") {
  gateway.Answer("IdentityService/WhoAmI", absl::UnauthenticatedError("the key is revoked"));
  const RunResult run = Run({"whoami"});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: the key is revoked\n");
}

TEST_CASE_METHOD(VerbTest, "services status: every part with its version and lag", "[cli][verbs]") {
  gateway.Answer(kParts, R"({"version":7,"items":[
    {"name":"authn","state":"SERVING","version":7},
    {"name":"edge","state":"SERVING","version":7}]})");
  gateway.Answer(kSessions, R"({"items":[],"nextPageToken":""})");
  const RunResult run = Run({"services", "status"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "PART              STATE    VERSION  LAG\n"
        "authn             SERVING  7        0\n"
        "edge              SERVING  7        0\n"
        "session-recorder  SERVING  -        -\n");
}

TEST_CASE_METHOD(VerbTest, "services status: a part that is away or behind is status 1",
                 "[cli][verbs]") {
  gateway.Answer(kParts, R"({"version":7,"items":[
    {"name":"authn","state":"AWAY","version":0},{"name":"edge","state":"LAGGING","version":5}]})");
  gateway.Answer(kSessions, absl::UnavailableError("away"));
  const RunResult run = Run({"services", "status"});
  CHECK(run.status == 1);
  CHECK(run.out ==
        "PART              STATE    VERSION  LAG\n"
        "authn             AWAY     -        -\n"
        "edge              LAGGING  5        2\n"
        "session-recorder  AWAY     -        -\n");
  CHECK(run.err ==
        "countersign: not in order: authn (AWAY), edge (LAGGING), session-recorder (AWAY); look at "
        "the logs of these parts\n");
}

TEST_CASE_METHOD(VerbTest, "services status: without policy the others are unknown",
                 "[cli][verbs]") {
  gateway.Answer(kParts, absl::UnavailableError("policy is away"));
  gateway.Answer(kSessions, absl::PermissionDeniedError("this needs the role auditor"));
  const RunResult run = Run({"services", "status", "-o", "json"});
  CHECK(run.status == 1);
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  const json::Value items = document->root()["items"];
  REQUIRE(items.size() == 3);
  CHECK(items.at(0)["state"].text() == "UNKNOWN");
  CHECK(items.at(1)["name"].text() == "policy");
  CHECK(items.at(1)["state"].text() == "AWAY");
  CHECK(items.at(1)["version"].is(json::Type::kNull));
  CHECK(items.at(2)["state"].text() == "UNKNOWN");  // an auditor would see its state
}

}  // namespace
}  // namespace countersign::cli
