#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kParts[] = "ResourceService/ListParts";
constexpr char kSessions[] = "SessionService/ListSessions";

TEST_CASE_METHOD(VerbTest, "services status: every part with its version and how far it is behind",
                 "[cli][verbs]") {
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
  CHECK(run.err.empty());
  CHECK(gateway.requests(kSessions).at(0) == R"({"pageSize":1})");
}

TEST_CASE_METHOD(VerbTest, "services status: a part that is away or behind is status 1, by name",
                 "[cli][verbs]") {
  gateway.Answer(kParts, R"({"version":9,"items":[
    {"name":"authn","state":"AWAY","version":0},{"name":"edge","state":"LAGGING","version":7},
    {"name":"policy","state":"SERVING","version":9}]})");
  gateway.Answer(kSessions, absl::UnavailableError("away"));
  const RunResult run = Run({"services", "status"});
  CHECK(run.status == 1);
  CHECK(run.out.find("edge              LAGGING  7        2\n") != std::string::npos);
  CHECK(run.out.find("authn             AWAY     -        -\n") != std::string::npos);
  CHECK(run.err ==
        "countersign: not in order: authn (AWAY), edge (LAGGING), session-recorder (AWAY); look at "
        "the logs of these parts\n");
}

TEST_CASE_METHOD(VerbTest, "services status: the recorder's status is for auditors only",
                 "[cli][verbs]") {
  gateway.Answer(kParts,
                 R"({"version":1,"items":[{"name":"edge","state":"SERVING","version":1}]})");
  gateway.Answer(kSessions, absl::PermissionDeniedError("no auditor"));
  const RunResult run = Run({"services", "status", "-o", "json"});
  CHECK(run.status == 0);
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  const json::Value recorder = document->root()["items"].at(1);
  CHECK(recorder["name"].text() == "session-recorder");
  CHECK(recorder["state"].text() == "UNKNOWN");
  CHECK(recorder["version"].is(json::Type::kNull));
}

TEST_CASE_METHOD(VerbTest, "services status: if policy is unavailable, the edge answers for it",
                 "[cli][verbs]") {
  gateway.Answer(kParts, absl::UnavailableError("policy is away"));
  gateway.Answer(kSessions, R"({"items":[],"nextPageToken":""})");
  const RunResult run = Run({"services", "status"});
  CHECK(run.status == 1);
  CHECK(run.out.find("policy            AWAY") != std::string::npos);
  CHECK(run.err.find("policy (AWAY)") != std::string::npos);
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

TEST_CASE_METHOD(VerbTest, "services status: is refused to others than administrators",
                 "[cli][verbs]") {
  gateway.Answer(kParts, absl::PermissionDeniedError("ann does not have the role admin"));
  const RunResult run = Run({"services", "status"});
  CHECK(run.status == 1);
  CHECK(run.out.empty());
  CHECK(run.err == "countersign: ann does not have the role admin\n");
}

}  // namespace
}  // namespace countersign::cli
