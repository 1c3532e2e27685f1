// What is delivered, told and recorded of answers that are unusual, fail or are given up.

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::answer {
namespace {

using domain::Outcome;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::kStreamBody;
using testing::OneCall;

constexpr char kEventStream[] = "text/event-stream";
constexpr char kJson[] = "application/json";

std::string Content(absl::string_view text) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":0,"delta":{"content":")", text,
                      R"("},"finish_reason":null}]})", "\n\n");
}
const std::string kFinished =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kDone = "data: [DONE]\n\n";

// Policy has counted seven tokens in the prompt.
struct CountingCalls : CallFixture {
  explicit CountingCalls(const std::string& profile = "none") {
    decider.decide.Always([profile] {
      domain::Decision decision;
      decision.verdict = domain::Verdict::kAllow;
      decision.policy = "open";
      decision.masking_profile = profile;
      decision.prompt_tokens = 7;
      return decision;
    });
  }
};

TEST_CASE("DeliverAnswer: a redirect is an error, whatever its status, and is not followed",
          "[edge]") {
  for (const int status : {300, 301, 302, 303, 304, 307, 308}) {
    CallFixture f;
    f.upstream.send.Next([status] {
      return testing::FakeUpstream::Head{status, {{"location", "https://elsewhere/v1"}}};
    });
    OneCall& call = f.StartCall(status == 307 ? kStreamBody : testing::kPlainBody);
    CAPTURE(status, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == 502);
    CHECK(call.code() == "upstream_protocol");
    CHECK(absl::StrContains(call.caller.body(), "redirects"));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "elsewhere/"));
    CHECK(call.caller.header("x-should-retry") == "false");
    CHECK(call.caller.header("location").empty());
    CHECK(f.upstream.sent().size() == 1);
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
}

TEST_CASE("DeliverAnswer: a status that is no answer is an error, with and without a body",
          "[edge]") {
  for (const int status : {0, 99, 199, 204, 205, 206, 226, 299, 600, 777, 999}) {
    for (const char* body : {"", kPlainAnswer}) {
      for (const char* asked : {testing::kPlainBody, kStreamBody}) {
        CallFixture f;
        f.upstream.Answer(status, kJson, {body});
        OneCall& call = f.StartCall(asked);
        CAPTURE(status, body, call.caller.body());
        REQUIRE(call.ended());
        CHECK(call.caller.status() == 502);
        CHECK(call.code() == "upstream_protocol");
        CHECK(f.end().outcome == Outcome::kUpstreamError);
        CHECK(f.end().code == "upstream_protocol");
      }
    }
  }
}

TEST_CASE("DeliverAnswer: an empty answer is an error", "[edge]") {
  for (const std::string type : {kJson, kEventStream, ""}) {
    for (const char* asked : {testing::kPlainBody, kStreamBody}) {
      for (const char* body : {"", " \n"}) {
        CallFixture f;
        f.upstream.Answer(200, type, {body});
        OneCall& call = f.StartCall(asked);
        CAPTURE(type, body, call.caller.body());
        REQUIRE(call.ended());
        // A stream that has begun broke off.
        const bool begun = type == kEventStream && *body != '\0';
        CHECK(call.code() == (begun ? "upstream_error" : "upstream_protocol"));
        CHECK(f.end().outcome == Outcome::kUpstreamError);
      }
    }
  }
}

TEST_CASE("DeliverAnswer: one limit bounds a plain answer and an event, and its error says so",
          "[edge]") {
  for (const char* type : {kJson, kEventStream}) {
    CallFixture f;
    f.options.max_response_bytes = 2000;
    f.upstream.Answer(200, type, {Content("a") + "data: {\"x\":\"", std::string(2001, 'x')});
    OneCall& call = f.StartCall(kStreamBody);
    CAPTURE(type, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.code() == "upstream_protocol");
    CHECK(absl::StrContains(call.caller.body(), "too large"));
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
  CallFixture f;
  f.options.max_response_bytes = 12u << 20;
  const std::string large = Content(std::string(10u << 20, 'x'));  // above the former limit
  f.upstream.Answer(200, kEventStream, {large, kFinished, kDone});
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK((call.caller.body() == large + kFinished + kDone));
}

TEST_CASE("DeliverAnswer: a stream that ends after its finish reason is completed with the marker",
          "[edge]") {
  for (const char* profile : {"none", "tier1"}) {
    CountingCalls f(profile);
    f.upstream.Answer(200, kEventStream, {Content("a SECRE"), kFinished});
    OneCall& call = f.StartCall(kStreamBody);
    CAPTURE(profile);
    REQUIRE(call.ended());
    CHECK(absl::EndsWith(call.caller.body(), kFinished + kDone));
    CHECK(f.recorded() == call.caller.body());
    CHECK(f.end().outcome == Outcome::kCompleted);
    CHECK(f.upstream.recycled() == 1);
  }
}

TEST_CASE("DeliverAnswer: tokens that the upstream does not report are counted", "[edge]") {
  for (const char* profile : {"none", "tier1"}) {
    CAPTURE(profile);
    {
      CountingCalls f(profile);
      f.upstream.Answer(200, kEventStream,
                        {Content("Hello wonder"), Content("ful world"), kFinished, kDone});
      REQUIRE(f.StartCall(kStreamBody).ended());
      CHECK(f.end().input_tokens == 7);
      CHECK(f.end().output_tokens == 3);
      CHECK(f.Counted("countersign_tokens_total{connection=\"openai\",direction=\"output\"} 3"));
    }
    CountingCalls f(profile);
    f.upstream.Answer(200, kJson,
                      {R"({"id":"c-1","model":"m","choices":[{"index":0,"message":{"content":)"
                       R"("Hello wonderful world"}}],"usage":{}})"});
    REQUIRE(f.StartCall().ended());
    CHECK(f.end().input_tokens == 7);
    CHECK(f.end().output_tokens == 3);
  }
}

TEST_CASE("DeliverAnswer: reported tokens are recorded as reported", "[edge]") {
  CountingCalls f;
  f.upstream.Answer(200, kJson, {kPlainAnswer});
  REQUIRE(f.StartCall().ended());
  CHECK(f.end().input_tokens == 3);
  CHECK(f.end().output_tokens == 2);
}

TEST_CASE("DeliverAnswer: tokens of what was delivered are recorded, however the call ends",
          "[edge]") {
  struct Case {
    const char* name;
    std::function<void(CountingCalls&, OneCall&)> end;
    Outcome outcome;
  };
  const std::vector<Case> cases = {
      {"the caller leaves", [](CountingCalls&, OneCall& call) { call.caller.Leave(); },
       Outcome::kCancelled},
      {"the process drains",
       [](CountingCalls&, OneCall& call) {
         call.caller.cancellation().Cancel(absl::AbortedError("the process drains"));
         call.caller.write.Release();  // a piece that is being written is not cut
       },
       Outcome::kAborted}};
  for (const Case& each : cases) {
    CountingCalls f("tier1");
    f.upstream.Answer(200, kEventStream, {Content("Hello wonderful world SECR")});
    OneCall& call = f.NewCall(kStreamBody);
    f.upstream.read.Next([] { return std::string(); });
    call.Start();
    CAPTURE(each.name);
    // Without a second piece the stream has ended too early.
    REQUIRE(call.ended());
    CHECK(f.end().outcome == Outcome::kUpstreamError);
    CHECK(f.end().input_tokens == 7);
    CHECK(f.end().output_tokens == 4);  // with the space before what was held

    CountingCalls g("tier1");
    g.upstream.Answer(200, kEventStream, {Content("Hello wonderful world SECR")});
    OneCall& other = g.NewCall(kStreamBody);
    other.caller.write.Hold();
    other.Start();
    each.end(g, other);
    g.Run();
    REQUIRE(other.ended());
    CHECK(g.end().outcome == each.outcome);
    CHECK(g.end().input_tokens == 7);
    CHECK(g.end().output_tokens == 4);
  }
  // Before the answer only the prompt counts; nothing does when nothing was sent.
  CountingCalls f;
  f.upstream.send.Hold();
  OneCall& call = f.StartCall(kStreamBody);
  call.caller.Leave();
  f.Run();
  REQUIRE(call.ended());
  CHECK(f.end().input_tokens == 7);
  CHECK(f.end().output_tokens == 0);
}

TEST_CASE("DeliverAnswer: a connection's usage as it is adds nothing to the request", "[edge]") {
  CountingCalls f;
  f.connection().usage_as_is = true;
  f.upstream.Answer(200, kEventStream, {Content("Hello world"), kFinished, kDone});
  REQUIRE(f.StartCall(kStreamBody).ended());
  REQUIRE(f.upstream.sent().size() == 1);
  CHECK(f.upstream.sent()[0].body == kStreamBody);
  CHECK(f.end().output_tokens == 2);
  CallFixture usual;
  usual.upstream.Answer(200, kEventStream, {kFinished, kDone});
  REQUIRE(usual.StartCall(kStreamBody).ended());
  CHECK(absl::StrContains(usual.upstream.sent()[0].body, "include_usage"));
}

TEST_CASE("DeliverAnswer: a picture in an answer is neither masked nor counted", "[edge]") {
  // In base64 the bytes of a marker spell SECRET.
  std::string marker;
  REQUIRE(absl::Base64Unescape("SECRETSECRET", &marker));
  const std::string picture =
      "data:image/png;base64," +
      absl::Base64Escape(absl::StrCat("\x89PNG\r\n\x1a\n\x01", marker, std::string(600, '\xfe')));
  REQUIRE(absl::StrContains(picture, "SECRET"));
  CountingCalls f("tier1");
  const std::string body = absl::StrCat(
      R"({"choices":[{"index":0,"message":{"content":"see","images":[{"type":"image_url",)",
      R"("image_url":{"url":")", picture, R"("}}]}}]})");
  f.upstream.Answer(200, kJson, {body});
  OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK(call.caller.body() == body);
  CHECK(f.end().output_tokens == 1);
  CountingCalls g("tier1");
  const std::string event =
      absl::StrCat(R"(data: {"choices":[{"index":0,"delta":{"images":[{"image_url":{"url":")",
                   picture, R"("}}]},"finish_reason":"stop"}]})", "\n\n");
  g.upstream.Answer(200, kEventStream, {event, kDone});
  OneCall& stream = g.StartCall(kStreamBody);
  REQUIRE(stream.ended());
  CHECK(stream.caller.body() == event + kDone);
  // The same value elsewhere is a text.
  CountingCalls h("tier1");
  h.upstream.Answer(200, kJson,
                    {absl::StrCat(R"({"choices":[{"message":{"content":")", picture, R"("}}]})")});
  OneCall& text = h.StartCall();
  REQUIRE(text.ended());
  CHECK_FALSE(absl::StrContains(text.caller.body(), "SECRET"));
}

}  // namespace
}  // namespace countersign::edge::call::answer
