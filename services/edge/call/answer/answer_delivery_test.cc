// How an upstream's answer reaches the caller: the order in which pieces are masked, recorded and
// written, and the result of every failure.

#include "services/edge/call/answer/answer_delivery.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::answer {
namespace {

using domain::Outcome;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::kPlainBody;
using testing::kStreamBody;
using testing::OneCall;

std::string Content(absl::string_view text) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":0,"delta":{"content":")", text,
                      R"("},"finish_reason":null}]})", "\n\n");
}
const std::string kFinished =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kUsage =
    "data: {\"id\":\"c-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4}}"
    "\n\n";
const std::string kDone = "data: [DONE]\n\n";
constexpr char kEventStream[] = "text/event-stream";
constexpr char kJson[] = "application/json";

struct Masked : CallFixture {
  Masked() { decider.AllowAll("tier1"); }
};

TEST_CASE(
    "DeliverAnswer: a stream's pieces are masked, recorded, then written, one after the other",
    "[edge]") {
  Masked f;
  f.upstream.Answer(200, kEventStream, {Content("a SECRET"), Content("b"), kFinished, kDone});
  f.masker.feed.Hold();
  OneCall& call = f.StartCall(kStreamBody);
  CHECK(call.caller.status() == 200);
  CHECK(f.upstream.read.calls() == 1);  // nothing is read ahead
  CHECK(f.recorded().empty());
  f.recorder.append.Hold();
  REQUIRE(f.masker.feed.ReleaseOne());
  f.Run();
  CHECK(f.recorded().empty());
  CHECK(call.caller.pieces().empty());
  call.caller.write.Hold();
  REQUIRE(f.recorder.append.ReleaseOne());
  f.Run();
  CHECK(f.recorded() == Content("a <S>"));
  CHECK(call.caller.pieces().empty());
  CHECK(f.upstream.read.calls() == 1);  // a caller that does not read slows the upstream
  REQUIRE(call.caller.write.ReleaseOne());
  f.Run();
  CHECK(call.caller.pieces() == std::vector<std::string>{Content("a <S>")});
  CHECK(f.upstream.read.calls() == 2);
  f.masker.feed.Release();
  f.recorder.append.Release();
  call.caller.write.Release();
  f.Run();
  CHECK(call.ended());
}

TEST_CASE("DeliverAnswer: the final marker leaves only when the session's end is durable",
          "[edge]") {
  CallFixture f;
  f.upstream.Answer(200, kEventStream, {Content("a"), kFinished, kUsage + kDone});
  f.recorder.end.Hold();
  OneCall& call = f.StartCall(kStreamBody);
  CHECK_FALSE(call.ended());
  CHECK(call.caller.body() == Content("a") + kFinished);
  f.recorder.end.Release();
  f.Run();
  REQUIRE(call.ended());
  CHECK(call.caller.body() == Content("a") + kFinished + kDone);
  CHECK(call.caller.finished());
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.end().input_tokens == 5);
  CHECK(f.end().output_tokens == 4);
  CHECK(f.recorded() == call.caller.body());
  CHECK(f.upstream.recycled() == 1);
}

TEST_CASE("DeliverAnswer: an end that cannot be recorded is an error instead of the marker",
          "[edge]") {
  CallFixture f;
  f.upstream.Answer(200, kEventStream, {Content("a"), kFinished, kDone});
  f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK(call.code() == "unavailable");
  CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
  CHECK(f.upstream.dropped() == 1);
}

TEST_CASE("DeliverAnswer: what one read brings is masked, recorded and written together",
          "[edge]") {
  Masked f;
  f.upstream.Answer(200, kEventStream, {Content("a") + Content("b") + kFinished + kDone});
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK(f.masker.feed.calls() == 1);
  CHECK(f.recorder.append.calls() == 2);    // the intent to send, and these pieces
  CHECK(call.caller.pieces().size() == 2);  // the pieces, and the final marker
}

TEST_CASE("DeliverAnswer: the record says which analyzers did not look at a piece", "[edge]") {
  const bool skipped = GENERATE(true, false);
  Masked f;
  if (skipped) f.unanalyzed = {"names"};
  f.upstream.Answer(200, kEventStream, {Content("a"), kFinished, kDone});
  REQUIRE(f.StartCall(kStreamBody).ended());
  std::size_t pieces = 0;
  for (const auto& event : f.session().events) {
    if (event.type != domain::event_type::kResponseData) continue;
    ++pieces;
    CHECK(absl::StrContains(event.payload, R"("unanalyzed":["names"])") == skipped);
  }
  CHECK(pieces > 0);
}

TEST_CASE(
    "DeliverAnswer: with ordered recording one append may be outstanding; its loss ends the call",
    "[edge]") {
  CallFixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = "none";
    decision.recording = domain::Recording::kOrdered;
    return decision;
  });
  f.upstream.Answer(200, kEventStream, {Content("a"), Content("b"), kFinished, kDone});
  OneCall& call = f.NewCall(kStreamBody);
  f.upstream.send.Hold();
  call.Start();
  f.recorder.append.Hold();
  f.upstream.send.Release();
  f.Run();
  CHECK(call.caller.pieces() == std::vector<std::string>{Content("a")});
  f.recorder.append.AlwaysFail(absl::UnavailableError("down"));
  f.recorder.append.Release();
  f.Run();
  REQUIRE(call.ended());
  CHECK(call.code() == "unavailable");
  CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
}

// How an answer fails after its first piece, and what its caller is told.
struct Break {
  const char* name;
  std::function<void(Masked&, OneCall&)> script;
  const char* code;
  Outcome outcome;
};

TEST_CASE("DeliverAnswer: a stream that fails ends in-band, and held text is dropped", "[edge]") {
  const absl::Status down = absl::UnavailableError("down");
  const std::vector<Break> breaks = {
      {"the upstream breaks off", [&](Masked& f, OneCall&) { f.upstream.read.FailNext(down); },
       "upstream_error", Outcome::kUpstreamError},
      {"the upstream is silent",
       [&](Masked& f, OneCall&) {
         f.upstream.read.FailNext(absl::DeadlineExceededError("silent"));
       },
       "upstream_timeout", Outcome::kUpstreamError},
      {"the upstream ends too early", [&](Masked&, OneCall&) {}, "upstream_error",
       Outcome::kUpstreamError},
      {"an event is no JSON",
       [&](Masked& f, OneCall&) { f.upstream.read.Next([] { return "data: {\"a\":\n\n"; }); },
       "upstream_protocol", Outcome::kUpstreamError},
      {"masking fails",
       [&](Masked& f, OneCall&) {
         f.upstream.read.Next([] { return Content("RET"); });
         f.masker.feed.Next([] { return true; });
         f.masker.feed.FailNext(down);
       },
       "unavailable", Outcome::kAborted},
      {"the record fails",
       [&](Masked& f, OneCall&) {
         f.upstream.read.Next([] { return Content("go on"); });
         f.recorder.append.Next([] { return true; });
         f.recorder.append.Next([] { return true; });
         f.recorder.append.FailNext(down);
       },
       "unavailable", Outcome::kAborted},
  };
  for (const Break& each : breaks) {
    Masked f;
    f.upstream.Answer(200, kEventStream, {Content("my SEC")});
    OneCall& call = f.NewCall(kStreamBody);
    each.script(f, call);
    call.Start();
    CAPTURE(each.name, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.finished());
    CHECK(call.code() == each.code);
    CHECK(absl::StartsWith(call.caller.body(), Content("my ")));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "SEC"));
    CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
    CHECK(f.end().outcome == each.outcome);
    CHECK(f.upstream.dropped() == 1);
  }
}

TEST_CASE("DeliverAnswer: a failed write to the caller ends the session as cancelled", "[edge]") {
  for (const bool begin : {true, false}) {
    Masked f;
    f.upstream.Answer(200, kEventStream, {Content("a"), kFinished, kDone});
    OneCall& call = f.NewCall(kStreamBody);
    (begin ? call.caller.begin : call.caller.write).AlwaysFail(absl::UnavailableError("reset"));
    call.Start();
    REQUIRE(call.ended());
    CHECK_FALSE(call.caller.finished());
    CHECK(f.end().outcome == Outcome::kCancelled);
    CHECK(f.upstream.dropped() == 1);
  }
}

TEST_CASE("DeliverAnswer: an unknown event ends the stream if the profile refuses it", "[edge]") {
  Masked f;
  f.masker.set_unknown_events(domain::UnknownEvents::kRefuse);
  f.upstream.Answer(200, kEventStream, {"event: odd\ndata: {\"type\":\"odd\"}\n\n"});
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK(call.code() == "upstream_error");
  CHECK(absl::StrContains(call.caller.body(), "unknownEvents: refuse"));
  CHECK(f.end().outcome == Outcome::kAborted);
}

TEST_CASE("DeliverAnswer: a mismatched answer of the masker ends the answer", "[edge]") {
  // One release too few for the pieces of the answer.
  class Short final : public domain::Masker {
    class Stream final : public domain::MaskStream {
      void Feed(std::vector<domain::FieldPiece>, absl::Time,
                domain::Done<std::vector<domain::FieldRelease>> done) override {
        done(std::vector<domain::FieldRelease>());
      }
    };
    void Open(const domain::Call&, domain::MaskStreamOptions, absl::Time,
              domain::Done<std::unique_ptr<domain::MaskStream>> done) override {
      done(std::make_unique<Stream>());
    }
  };
  Masked f;
  Short masker;
  const Ports ports{f.authenticator, f.decider, f.reviews, masker, f.recorder};
  const CallServices services{f.options,     ports,    f.clock,     f.random,   f.metrics,
                              f.credentials, f.served, f.body_pool, f.stopping, f.failures};
  f.upstream.Answer(200, kJson, {kPlainAnswer});
  OneCall& call = f.NewCall();
  const CallContext context{services,      f.upstream,         call.caller,
                            call.reply,    call.caller.head(), "req_1",
                            f.clock.Now(), f.executor,         call.caller.cancellation()};
  call.Start(context);
  REQUIRE(call.ended());
  CHECK(call.caller.status() == 503);
  CHECK_FALSE(absl::StrContains(call.caller.body(), "hello"));
}

TEST_CASE("DeliverAnswer: a plain answer is delivered whole, once its session has ended",
          "[edge]") {
  Masked f;
  f.upstream.Answer(
      200, kJson, {R"({"choices":[{"index":0,"message":)", R"({"content":"a SEC)", R"(RET"}}]})"});
  f.recorder.end.Hold();
  OneCall& call = f.StartCall();
  CHECK_FALSE(call.caller.begun());
  f.recorder.end.Release();
  f.Run();
  REQUIRE(call.ended());
  CHECK(call.caller.body() == R"({"choices":[{"index":0,"message":{"content":"a <S>"}}]})");
  CHECK(f.recorded() == call.caller.body());
  CHECK(f.end().masked == std::map<std::string, std::uint32_t>{{"secret", 1}});
}

TEST_CASE("DeliverAnswer: a plain answer that is not complete is an error", "[edge]") {
  struct Case {
    const char* name;
    std::function<void(Masked&)> script;
    int status;
  };
  const std::vector<Case> cases = {
      {"it breaks off",
       [](Masked& f) {
         f.upstream.Answer(200, kJson, {"{\"choices\""});
         f.upstream.read.FailNext(absl::UnavailableError("reset"));
       },
       502},
      {"it comes too slowly",
       [](Masked& f) {
         f.upstream.Answer(200, kJson, {});
         f.upstream.read.FailNext(absl::DeadlineExceededError("silent"));
       },
       504},
      {"it is too large",
       [](Masked& f) {
         f.options.max_response_bytes = 10;
         f.upstream.Answer(200, kJson, {"{\"a\":1}", "     "});
       },
       502},
      {"it is no JSON", [](Masked& f) { f.upstream.Answer(200, kJson, {"no json"}); }, 502},
      {"masking fails",
       [](Masked& f) {
         f.upstream.Answer(200, kJson, {kPlainAnswer});
         f.masker.feed.AlwaysFail(absl::UnavailableError("down"));
       },
       503},
      {"the end cannot be recorded",
       [](Masked& f) {
         f.upstream.Answer(200, kJson, {kPlainAnswer});
         f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
       },
       503},
  };
  for (const Case& each : cases) {
    Masked f;
    each.script(f);
    OneCall& call = f.StartCall();
    CAPTURE(each.name, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == each.status);
    CHECK_FALSE(absl::StrContains(call.caller.body(), "hello"));
    CHECK(f.upstream.dropped() == 1);
  }
}

TEST_CASE("DeliverAnswer: an answer of exactly the largest size passes", "[edge]") {
  CallFixture f;
  f.options.max_response_bytes = 7;
  f.upstream.Answer(200, kJson, {"{\"a\":", "1}"});
  CHECK(f.StartCall().caller.body() == "{\"a\":1}");
}

TEST_CASE("DeliverAnswer: only allow-listed headers of the upstream reach the caller", "[edge]") {
  CallFixture f;
  f.upstream.send.Next([] {
    return testing::FakeUpstream::Head{429,
                                       {{"Content-Type", "application/json"},
                                        {"Retry-After", "7"},
                                        {"set-cookie", "a=b"},
                                        {"x-should-retry", "true"}}};
  });
  f.upstream.read.Next([] { return R"({"error":{"code":"q"}})"; });
  OneCall& call = f.StartCall();
  CHECK(call.caller.status() == 429);
  CHECK(call.caller.header("retry-after") == "7");
  CHECK(call.caller.header("x-should-retry") == "true");
  CHECK(call.caller.header_count("set-cookie") == 0);
  CHECK(f.end().outcome == Outcome::kUpstreamError);
}

TEST_CASE("DeliverAnswer: an answer with a content coding is refused", "[edge]") {
  for (const char* coding : {"gzip", "BR", "identity, gzip", "x-gzip"}) {
    CallFixture f;
    f.upstream.send.Next([coding] {
      return testing::FakeUpstream::Head{
          200, {{"content-type", "application/json"}, {"Content-Encoding", coding}}};
    });
    OneCall& call = f.StartCall();
    CHECK(call.caller.status() == 502);
    CHECK(f.upstream.read.calls() == 0);
    CHECK(f.events() == std::vector<std::string>{"decision", "forward"});
  }
}

// A held stream whose head has gone out before the model is asked.
struct Held : CallFixture {
  Held() {
    Review();
    reviews.wait.Hold();
    call.Start();
    Advance(options.status_within);
    REQUIRE(call.caller.pieces() == std::vector<std::string>{": waiting\n\n"});
  }
  void Approve() {
    reviews.wait.Release();
    Run();
    REQUIRE(call.ended());
    REQUIRE(call.caller.finished());
  }
  std::string Rest() const { return call.caller.body().substr(sizeof(": waiting\n\n") - 1); }

  OneCall& call = NewCall(kStreamBody);
};

TEST_CASE("DeliverAnswer: an answer after the caller's head was sent continues its stream",
          "[edge]") {
  {
    Held f;
    f.upstream.Answer(200, kEventStream, {Content("a"), kFinished, kDone});
    f.Approve();
    CHECK(f.Rest() == Content("a") + kFinished + kDone);
    CHECK(f.call.caller.begin.calls() == 1);
  }
  {
    Held f;  // an upstream's error becomes an event
    f.upstream.Answer(500, kJson, {R"({"error":{"message":"overloaded"}})"});
    f.Approve();
    CHECK(f.Rest() == "data: {\"error\":{\"message\":\"overloaded\"}}\n\n");
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
  Held f;  // other answers cannot be delivered after the head
  f.upstream.Answer(200, kJson, {kPlainAnswer});
  f.Approve();
  CHECK(f.call.code() == "upstream_protocol");
  CHECK_FALSE(absl::StrContains(f.Rest(), "hello"));
}

TEST_CASE("DeliverAnswer: an upstream's own error event ends the stream without the marker",
          "[edge]") {
  CallFixture f;
  const std::string error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
  f.upstream.Answer(200, kEventStream, {Content("a"), error});
  OneCall& call = f.StartCall(kStreamBody);
  REQUIRE(call.ended());
  CHECK(call.caller.finished());
  CHECK(call.caller.body() == Content("a") + error);
  CHECK(f.end().outcome == Outcome::kUpstreamError);
  CHECK(f.end().code == "upstream_error");
}

}  // namespace
}  // namespace countersign::edge::call::answer
