// What reviewers are given of a held call.

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "libs/dialects/dialects.h"
#include "libs/domain/binding.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using testing::CallFixture;
using testing::kPlainAnswer;
using testing::OneCall;

TEST_CASE("Review: what reviewers are given is all that the hash binds", "[edge]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> extras = {R"("temperature":0.5)",
                                           R"("tool_choice":"required")",
                                           R"("x":{"y":["a\\u0062c",null,-1e3]})",
                                           R"("seed":12345678901234)",
                                           R"("stop":["\\ud83d\\ude00"])",
                                           R"("user":"é")"};
  for (int run = 0; run < 20; ++run) {
    CallFixture f;
    f.Review();
    f.upstream.Answer(200, "application/json", {kPlainAnswer});
    std::string body = R"({"model":"gpt-4o" , "messages":[{"role":"user","content":"hi"}])";
    for (const std::string& extra : extras) {
      if (random() % 2 == 0) absl::StrAppend(&body, random() % 2 == 0 ? ",\n " : ",", extra);
    }
    body += "}";
    CAPTURE(body);
    OneCall& call = f.NewCall(body);
    call.caller.request().query = random() % 2 == 0 ? "note=a%20b" : "";
    call.caller.request().headers.emplace_back("user-agent", "curl/7.88.1");
    call.caller.request().headers.emplace_back("accept", "text/event-stream");
    call.Start();
    REQUIRE(f.reviews.joined().size() == 1);
    const domain::ReviewRequest asked = f.reviews.joined()[0];
    domain::BoundRequest bound;
    bound.issuer = "countersign";
    bound.subject = "alice";
    bound.connection = asked.connection;
    bound.connection_version = asked.connection_version;
    bound.method = asked.head.method;
    bound.path_and_query = asked.head.target;
    bound.headers = asked.head.headers;
    bound.body = asked.upstream_body;
    CHECK(domain::BindingHash(bound) == asked.binding_hash);
    CHECK(headers::FindHeader(asked.head.headers, "user-agent") == "curl/7.88.1");
    // The texts, media and members that are shown are those of the bound body; that these are the
    // whole body is tested with a million random ones (request_oracle_test.cc).
    const auto read = dialects::DefaultDialect().Read(
        {"POST", "/v1/chat/completions", call.caller.request().query, {}, asked.upstream_body});
    REQUIRE(read.ok());
    CHECK(domain::JoinParts(*read->prompt)[0].text == domain::JoinParts(*asked.prompt)[0].text);
    REQUIRE(read->prompt->parts.size() == asked.prompt->parts.size());
    for (std::size_t i = 0; i < asked.prompt->parts.size(); ++i) {
      CHECK(read->prompt->parts[i].text == asked.prompt->parts[i].text);
      CHECK(read->prompt->parts[i].pointer == asked.prompt->parts[i].pointer);
    }
    REQUIRE(read->prompt->members.size() == asked.prompt->members.size());
    for (std::size_t i = 0; i < asked.prompt->members.size(); ++i) {
      CHECK(read->prompt->members[i].json == asked.prompt->members[i].json);
    }
  }
}

}  // namespace
}  // namespace countersign::edge::call::admission
