// Upstreams that repeat the leased credential, or refuse it: neither reaches a caller, whatever the
// profile masks.

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::answer {
namespace {

using domain::Outcome;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::kStreamBody;
using testing::OneCall;

constexpr char kSecret[] = "sk-upstream-0123456789";
constexpr char kEventStream[] = "text/event-stream";
constexpr char kJson[] = "application/json";

// A call with a leased credential.
struct Leased : CallFixture {
  explicit Leased(const std::string& profile = "none") {
    decider.AllowAll(profile);
    connection().credential = "openai-key";
    authenticator.lease.Always([] {
      domain::CredentialLease lease;
      lease.headers.push_back({"authorization", SecretString(absl::StrCat("Bearer ", kSecret))});
      return lease;
    });
  }
};

std::string Content(absl::string_view text) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":0,"delta":{"content":")", text,
                      R"("},"finish_reason":null}]})", "\n\n");
}
const std::string kEnd =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

std::string Said(const OneCall& call) {
  std::string all = call.caller.body();
  for (const char* name : {"openai-model", "x-upstream-request-id", "openai-version"}) {
    absl::StrAppend(&all, "\n", call.caller.header(name));
  }
  return all;
}

TEST_CASE("DeliverAnswer: an answer that repeats the credential is masked under every profile",
          "[edge]") {
  for (const char* profile : {"none", "tier1"}) {
    for (const std::string& form :
         {std::string(kSecret), absl::Base64Escape(absl::StrCat("Bearer ", kSecret)),
          std::string("sk%2Dupstream%2D0123456789"), absl::BytesToHexString(kSecret)}) {
      Leased f(profile);
      f.upstream.Answer(200, kJson,
                        {absl::StrCat(R"({"id":"c-1","choices":[{"index":0,"message":{"content":")",
                                      "it is ", form, R"("}}]})")});
      OneCall& call = f.StartCall();
      CAPTURE(profile, form, call.caller.body());
      REQUIRE(call.ended());
      CHECK(call.caller.status() == 200);
      CHECK_FALSE(absl::StrContains(call.caller.body(), form));
      CHECK(absl::StrContains(call.caller.body(), "it is "));
      CHECK(json::Document::Parse(call.caller.body()).ok());
      CHECK_FALSE(absl::StrContains(f.recorded(), form));
      CHECK(f.end().outcome == Outcome::kCompleted);
    }
  }
}

TEST_CASE("DeliverAnswer: an escaped credential, and one in a name or an id, is masked too",
          "[edge]") {
  const std::string id = absl::StrCat(R"({"id":")", kSecret, R"(","choices":[]})");
  const std::string name = absl::StrCat(R"({"id":"c","choices":[],")", kSecret, R"(":1})");
  const std::string escaped =
      R"({"id":"c","choices":[{"index":0,"message":{"content":"\u0073k-upstream-012345678\u0039"}}]})";
  for (const std::string& body : {id, name, escaped}) {
    Leased f;
    f.upstream.Answer(200, kJson, {body});
    OneCall& call = f.StartCall();
    CAPTURE(body, call.caller.body());
    REQUIRE(call.ended());
    CHECK_FALSE(absl::StrContains(call.caller.body(), kSecret));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "k-upstream-012345678"));
  }
}

TEST_CASE("DeliverAnswer: an escaped credential in JSON within a string is masked", "[edge]") {
  // Each text of a level of JSON escapes the backslashes of the one before.
  for (const char* escape : {R"(\\u002d)", R"(\\\\u002d)", R"(\\\\\\\\u002D)"}) {
    const std::string secret = absl::StrReplaceAll(kSecret, {{"-", escape}});
    Leased f;
    f.upstream.Answer(
        200, kJson,
        {absl::StrCat(
            R"({"id":"c-1","choices":[{"index":0,"message":{"content":null,"tool_calls":)",
            R"([{"id":"t","type":"function","function":{"name":"f","arguments":)", R"("{\"k\":\")",
            secret, R"(\"}"}}]}}]})")});
    OneCall& call = f.StartCall();
    CAPTURE(secret, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == 200);
    CHECK_FALSE(absl::StrContains(call.caller.body(), "0123456789"));
    CHECK(absl::StrContains(call.caller.body(), R"("{\"k\":\"<UPSTREAM_CREDENTIAL>\"}")"));
    CHECK_FALSE(absl::StrContains(f.recorded(), "0123456789"));
  }
}

TEST_CASE("DeliverAnswer: the credential in values that clients may join is not completed",
          "[edge]") {
  const auto event = [](absl::string_view lines, absl::string_view id) {
    return absl::StrCat(lines, R"(data: {"id":")", id,
                        R"(","choices":[{"index":0,"delta":{"content":"x"}}]})", "\n\n");
  };
  const std::string secret = kSecret;
  const std::string parts[] = {secret.substr(0, 3), secret.substr(3, 9), secret.substr(12)};
  SECTION("beside one that a value has whole") {
    Leased f;
    const std::string rest = absl::StrCat(secret.substr(12), " and ", secret);
    f.upstream.Answer(200, kEventStream, {event("", secret.substr(0, 12)), event("", rest), kEnd});
    OneCall& call = f.StartCall(kStreamBody);
    CAPTURE(call.caller.body());
    REQUIRE(call.ended());
    CHECK_FALSE(absl::StrContains(call.caller.body(), secret.substr(12)));
  }
  for (const char* profile : {"none", "tier1"}) {
    for (const char* place : {": ", "id: ", "event: ", "data"}) {
      std::string stream;
      for (const std::string& part : parts) {
        const bool in_data = place == std::string("data");
        stream += in_data ? event("", part) : event(absl::StrCat(place, part, "\n"), "c-1");
      }
      Leased f(profile);
      f.upstream.Answer(200, kEventStream, {stream, kEnd});
      OneCall& call = f.StartCall(kStreamBody);
      CAPTURE(profile, place, call.caller.body());
      REQUIRE(call.ended());
      CHECK(absl::StrContains(call.caller.body(), parts[0]));
      CHECK_FALSE(absl::StrContains(call.caller.body(), parts[2]));
      CHECK(absl::EndsWith(call.caller.body(), "data: [DONE]\n\n"));
    }
  }
}

TEST_CASE("DeliverAnswer: an error that quotes the credential is masked", "[edge]") {
  for (const char* type : {"text/plain", "text/html", kJson}) {
    Leased f;
    f.upstream.Answer(500, type, {absl::StrCat("no <b>such key: ", kSecret, "</b>")});
    OneCall& call = f.StartCall();
    CAPTURE(type, call.caller.body());
    REQUIRE(call.ended());
    CHECK_FALSE(absl::StrContains(call.caller.body(), kSecret));
  }
}

TEST_CASE("DeliverAnswer: a stream never contains the credential, wherever it is cut", "[edge]") {
  const std::string secret = kSecret;
  for (std::size_t cut = 1; cut < secret.size(); ++cut) {
    Leased f;
    f.upstream.Answer(
        200, kEventStream,
        {Content("a " + secret.substr(0, cut)), Content(secret.substr(cut) + " b"), kEnd});
    OneCall& call = f.StartCall(kStreamBody);
    CAPTURE(cut, call.caller.body());
    REQUIRE(call.ended());
    CHECK_FALSE(absl::StrContains(call.caller.body(), "\"sk"));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "a s"));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "upstream-"));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "0123456789"));
    CHECK(absl::StrContains(call.caller.body(), "<UPSTREAM_CREDENTIAL> b"));
    CHECK(absl::EndsWith(call.caller.body(), "data: [DONE]\n\n"));
  }
}

TEST_CASE("DeliverAnswer: a stream without the credential is unchanged", "[edge]") {
  Leased f;
  const std::string stream = Content("ask, as in ski") + Content("-etch.") + kEnd;
  f.upstream.Answer(200, kEventStream, {stream});
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK(call.caller.body() == stream);
}

TEST_CASE("DeliverAnswer: a header with the credential is dropped", "[edge]") {
  Leased f;
  f.upstream.send.Next([] {
    return testing::FakeUpstream::Head{200,
                                       {{"content-type", kJson},
                                        {"openai-model", kSecret},
                                        {"openai-version", "2020-10-01"},
                                        {"x-request-id", kSecret}}};
  });
  f.upstream.read.Next([] { return std::string(kPlainAnswer); });
  OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK_FALSE(absl::StrContains(Said(call), "sk-upstream"));
  CHECK(call.caller.header("openai-version") == "2020-10-01");
}

TEST_CASE("DeliverAnswer: a provider that refuses the gateway's credential is a 502", "[edge]") {
  for (const int status : {401, 403, 407}) {
    Leased f;
    f.upstream.Answer(status, kJson, {R"({"error":{"message":"wrong key","code":"x"}})"});
    OneCall& call = f.StartCall();
    CAPTURE(status, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == 502);
    CHECK(call.code() == "upstream_auth");
    CHECK(call.caller.header("x-should-retry") == "false");
    CHECK(call.caller.header("www-authenticate").empty());
    CHECK_FALSE(absl::StrContains(call.caller.body(), "wrong key"));
    CHECK(f.end().outcome == Outcome::kUpstreamError);
    CHECK(f.end().code == "upstream_auth");
  }
}

}  // namespace
}  // namespace countersign::edge::call::answer
