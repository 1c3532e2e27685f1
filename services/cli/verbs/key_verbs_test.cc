#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kCreate[] = "KeyService/CreateKey";
constexpr char kCreated[] =
    R"({"id":"k-1","identity":"ci","key":"cs_secret","expiresAt":"2026-02-03T04:05:06.789Z"})";

TEST_CASE_METHOD(VerbTest, "keys create: prints the key alone, and a note beside it",
                 "[cli][verbs]") {
  gateway.Answer(kCreate, kCreated);
  const RunResult run = Run({"keys", "create", "ci", "--ttl", "720h"});
  CHECK(run.status == 0);
  CHECK(run.out == "cs_secret\n");
  CHECK(run.err == "key k-1 of ci: keep it now, it is not shown again\n");
  CHECK(gateway.requests(kCreate) ==
        std::vector<std::string>{R"({"identity":"ci","ttlSeconds":2592000})"});
}

TEST_CASE_METHOD(VerbTest, "keys create: JSON has an expiry even where there is none",
                 "[cli][verbs]") {
  gateway.Answer(kCreate, R"({"id":"k-1","identity":"ci","key":"cs_secret"})");
  const RunResult run = Run({"keys", "create", "ci", "-o", "json"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "{\n  \"id\": \"k-1\",\n  \"identity\": \"ci\",\n  \"key\": \"cs_secret\",\n"
        "  \"expiresAt\": null\n}\n");
  CHECK(run.err.empty());
  CHECK(gateway.requests(kCreate) ==
        std::vector<std::string>{R"({"identity":"ci","ttlSeconds":0})"});
}

TEST_CASE_METHOD(VerbTest, "keys create --adopt: takes the key from standard input",
                 "[cli][verbs]") {
  gateway.Answer(kCreate, R"({"id":"k-2","identity":"ci","key":""})");
  const RunResult run = Run({"keys", "create", "ci", "--adopt"}, "sk-old\r\n");
  CHECK(run.status == 0);
  CHECK(run.out == "adopted the key of ci as k-2\n");
  CHECK(gateway.requests(kCreate) ==
        std::vector<std::string>{R"({"identity":"ci","ttlSeconds":0,"adopt":"sk-old"})"});
}

TEST_CASE_METHOD(VerbTest, "keys create --adopt: an empty standard input is misuse",
                 "[cli][verbs]") {
  const RunResult run = Run({"keys", "create", "ci", "--adopt"}, "\n");
  CHECK(run.status == 2);
  CHECK(run.err == "countersign: --adopt reads the key from standard input\n");
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "keys create: a lifetime that is none is misuse", "[cli][verbs]") {
  const auto ttl = GENERATE("0s", "-1h", "ever", "500ms");
  const RunResult run = Run({"keys", "create", "ci", "--ttl", ttl});
  INFO(ttl);
  CHECK(run.status == 2);
  CHECK(run.err.find("must be a duration such as 12h or 720h") != std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "keys create: a lifetime over ten years is misuse", "[cli][verbs]") {
  const auto ttl = GENERATE("inf", "87841h", "9999999999999h");
  const RunResult run = Run({"keys", "create", "ci", "--ttl", ttl});
  INFO(ttl << ": " << run.err);
  CHECK(run.status == 2);
  CHECK(run.err.find("is over ten years; leave it out for no expiry") != std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "keys create: a lifetime of ten years is the longest", "[cli][verbs]") {
  gateway.Answer(kCreate, kCreated);
  CHECK(Run({"keys", "create", "ci", "--ttl", "87840h"}).status == 0);
  CHECK(gateway.requests(kCreate) ==
        std::vector<std::string>{R"({"identity":"ci","ttlSeconds":316224000})"});
}

TEST_CASE_METHOD(VerbTest, "keys create: a key that could not be printed is status 1",
                 "[cli][verbs]") {
  gateway.Answer(kCreate, kCreated);
  const RunResult run = RunOnFullDisk({"keys", "create", "ci"});
  CHECK(run.status == 1);
  CHECK(run.err.find("No space left on device") != std::string::npos);
  CHECK(run.err.find("cs_secret") == std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "keys: names with control characters are escaped", "[cli][verbs]") {
  gateway.Answer("KeyService/ListKeys",
                 R"({"items":[{"id":"k-1","identity":"ci\u001b[2J\u202e"}],"nextPageToken":""})");
  const RunResult list = Run({"keys", "list"});
  CHECK(list.out.find('\x1b') == std::string::npos);
  CHECK(list.out.find("ci\\u{1b}[2J\\u{202e}") != std::string::npos);
  gateway.Answer(kCreate, R"({"id":"k-1","identity":"ci\u001b[2J","key":"cs_secret"})");
  CHECK(Run({"keys", "create", "ci"}).err.find('\x1b') == std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "keys list: a table with times to the second", "[cli][verbs]") {
  gateway.Answer("KeyService/ListKeys",
                 R"({"items":[
    {"id":"k-1","identity":"ci","state":"ACTIVE","createdAt":"2026-01-02T03:04:05.678Z"},
    {"id":"k-22","identity":"ann","state":"REVOKED","createdAt":"2026-01-02T03:04:05Z",
     "expiresAt":"2026-03-01T00:00:00Z"}],"nextPageToken":""})");
  const RunResult run = Run({"keys", "list"});
  CHECK(run.status == 0);
  CHECK(run.out ==
        "ID    IDENTITY  STATE    CREATED               EXPIRES\n"
        "k-1   ci        ACTIVE   2026-01-02T03:04:05Z  -\n"
        "k-22  ann       REVOKED  2026-01-02T03:04:05Z  2026-03-01T00:00:00Z\n");
}

TEST_CASE_METHOD(VerbTest, "keys revoke: says so, and passes a refusal on", "[cli][verbs]") {
  gateway.Answer("KeyService/RevokeKey", R"({"id":"k-1","revokedAt":"2026-01-02T03:04:05Z"})");
  gateway.Answer("KeyService/RevokeKey", absl::NotFoundError("there is no key \"k-9\""));
  const RunResult done = Run({"keys", "revoke", "k-1"});
  CHECK(done.status == 0);
  CHECK(done.out == "revoked k-1\n");
  const RunResult refused = Run({"keys", "revoke", "k-9"});
  CHECK(refused.status == 1);
  CHECK(refused.out.empty());
  CHECK(refused.err == "countersign: there is no key \"k-9\"\n");
}

}  // namespace
}  // namespace countersign::cli
