// Typed calls, from their messages to their events and status, without a network.

#include "services/edge/inference/serve_inference.h"

#include <catch2/catch.hpp>
#include <functional>

#include "libs/base/status.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/grpc_calls/testing/fake_rpc_backend.h"
#include "services/edge/inference/testing/text_codec.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::inference {
namespace {

using clients::FakeReviewGate;
using domain::Outcome;
using domain::ReviewState;
using edge::testing::CallFixture;
using edge::testing::FakeCallerConnection;
using grpc_wire::EncodeFrame;

constexpr char kGenerate[] = "/countersign.inference.v1.Inference/Generate";
constexpr char kChat[] = "/countersign.inference.v1.Inference/Chat";
constexpr char kEventStream[] = "text/event-stream";

std::string Content(absl::string_view text, int choice = 0) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":)", choice,
                      R"(,"delta":{"content":")", text, R"("},"finish_reason":null}]})", "\n\n");
}
const std::string kFinished =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kUsage =
    "data: {\"id\":\"c-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4}}"
    "\n\n";
const std::string kDone = "data: [DONE]\n\n";

class Backend final : public grpc_calls::testing::FakeRpcBackend {
 public:
  const Codec* inference() const override { return &codec_; }

 private:
  const testing::TextCodec codec_;
};

struct Fixture : CallFixture {
  Fixture() { dispatcher.SetRpcBackend(backend); }

  FakeCallerConnection& NewCaller(const std::string& path, std::string body) {
    auto caller = std::make_shared<FakeCallerConnection>(executor);
    calls.push_back(caller);
    caller->request().path = path;
    caller->request().http_version = 2;
    caller->request().headers.emplace_back("content-type", "application/grpc");
    caller->set_body(std::move(body));
    return *caller;
  }
  void Handle(FakeCallerConnection& caller) { executor.Run(RunHandle(caller)); }
  // Runs the call until it waits or ends.
  FakeCallerConnection& Generate(absl::string_view prompt) {
    FakeCallerConnection& caller = NewCaller(kGenerate, EncodeFrame(0, prompt));
    Handle(caller);
    return caller;
  }
  void Answer(const std::vector<std::string>& pieces) {
    upstream.Answer(200, kEventStream, pieces);
  }

  Backend backend;
  RequestDispatcher dispatcher{services, grpc_calls::RpcOptions()};

 private:
  async::Awaitable<bool> RunHandle(FakeCallerConnection& caller) {
    co_await dispatcher.Handle(caller, upstream);
    co_return true;
  }
};

// The messages of the reply, joined.
std::string Events(const FakeCallerConnection& caller) {
  grpc_wire::FrameReader frames(1u << 20);
  frames.Feed(caller.body());
  std::string events;
  while (true) {
    const auto frame = frames.Next();
    REQUIRE(frame.ok());
    if (!frame->has_value()) return events;
    events += (*frame)->payload;
  }
}
std::string Status(const FakeCallerConnection& caller) { return caller.trailer("grpc-status"); }
std::string Details(const FakeCallerConnection& caller) {
  return grpc_wire::DecodeBinary(caller.trailer("grpc-status-details-bin")).value_or("");
}

TEST_CASE("Generate: an allowed prompt is answered by its events", "[inference]") {
  Fixture f;
  f.Answer({Content("Hel"), Content("lo"), kFinished, kUsage + kDone});
  const FakeCallerConnection& caller = f.Generate("hi");
  CHECK(
      Events(caller) ==
      "started\ndecided: allow\nanswer 0: Hel\nanswer 0: lo\nfinished 0: stop\nusage: 5 4\nend\n");
  CHECK(Status(caller) == "0");
  CHECK(caller.verified());
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.session().start.request_id == caller.header("x-request-id"));
  REQUIRE(f.upstream.sent().size() == 1);
  CHECK(f.upstream.sent()[0].body ==
        R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true,)"
        R"("stream_options":{"include_usage":true}})");
  CHECK(f.recorded() == Content("Hel") + Content("lo") + kFinished + kUsage + kDone);
}

TEST_CASE("Generate: the metadata names the connection", "[inference]") {
  Fixture f;
  domain::Connection& other = f.resources->connections["other"];
  other = f.connection();
  other.name = "other";
  other.is_default = false;
  FakeCallerConnection& caller = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
  caller.request().headers.emplace_back("countersign-connection", "other");
  f.Answer({Content("a"), kFinished, kDone});
  f.Handle(caller);
  CHECK(Status(caller) == "0");
  CHECK(f.session().start.connection == "other");
  FakeCallerConnection& unknown = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
  unknown.request().headers.emplace_back("countersign-connection", "none");
  f.Handle(unknown);
  CHECK(Status(unknown) == "5");
  CHECK_THAT(Details(unknown), Catch::Contains("unknown_connection"));
}

TEST_CASE("Generate: a denied prompt has no events, and its status the reason", "[inference]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.message = "not here";
    return decision;
  });
  const FakeCallerConnection& caller = f.Generate("hi");
  CHECK(Events(caller).empty());
  CHECK(Status(caller) == "7");
  CHECK(caller.trailer("grpc-message") == "not here");
  CHECK_THAT(Details(caller), Catch::Contains("policy_denied"));
  CHECK(f.end().outcome == Outcome::kBlocked);
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Generate: a held prompt is told so at once, and by whom it was approved",
          "[inference]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  f.Answer({Content("a"), kFinished, kDone});
  const FakeCallerConnection& caller = f.Generate("hi");
  const std::string held = "started\ndecided: review\nheld: review-1\n";
  CHECK(Events(caller) == held);
  f.Advance(absl::Minutes(3));
  CHECK(Events(caller) == held);  // keep-alives are HTTP/2's
  f.reviews.wait.Release();
  f.Run();
  CHECK(Events(caller) ==
        held + "approved: review-1 by rita\nanswer 0: a\nfinished 0: stop\nend\n");
  CHECK(Status(caller) == "0");
}

TEST_CASE("Generate: a prompt that reviewers deny", "[inference]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kDenied, "no"); });
  const FakeCallerConnection& caller = f.Generate("hi");
  CHECK(Events(caller) == "started\ndecided: review\nheld: review-1\n");
  CHECK(Status(caller) == "7");
  CHECK_THAT(Details(caller), Catch::Contains("review_denied") && Catch::Contains("review_id") &&
                                  Catch::Contains("review-1"));
  CHECK(f.end().outcome == Outcome::kReviewDenied);
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Generate: when the hold runs out, the review goes on", "[inference]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kPending); });
  const FakeCallerConnection& caller = f.Generate("hi");
  CHECK(Status(caller) == "9");
  CHECK_THAT(Details(caller), Catch::Contains("review_pending") && Catch::Contains("review-1"));
}

TEST_CASE("Generate: a deadline before the hold's end is told of the review at once",
          "[inference]") {
  const auto ask = [](Fixture& f, const std::string& timeout) -> FakeCallerConnection& {
    f.Review(absl::Minutes(4));
    f.reviews.wait.Hold();
    FakeCallerConnection& caller = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
    caller.request().headers.emplace_back("grpc-timeout", timeout);
    f.Handle(caller);
    return caller;
  };
  Fixture f;
  const FakeCallerConnection& caller = ask(f, "239S");
  CHECK(Events(caller) == "started\ndecided: review\nheld: review-1\n");
  CHECK(Status(caller) == "9");
  CHECK_THAT(Details(caller), Catch::Contains("review_pending") && Catch::Contains("review-1"));
  CHECK(f.end().outcome == Outcome::kReviewPending);
  CHECK(f.reviews.left().size() == 1);
  Fixture longer;
  CHECK(Status(ask(longer, "241S")).empty());
}

TEST_CASE("Generate: masked spans are told by their place in all of the text", "[inference]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  f.Answer({Content("a"), Content("b SEC"), Content("RET c"), Content("SECRET"), kFinished, kDone});
  const FakeCallerConnection& caller = f.Generate("hi");
  CHECK(Events(caller) ==
        "started\ndecided: allow\nanswer 0: a\nanswer 0: b \nanswer 0: <S> c\n"
        "masked answer 0: secret 3-6\nanswer 0: <S>\nmasked answer 0: secret 8-11\n"
        "finished 0: stop\nend\n");
}

TEST_CASE("Generate: several choices", "[inference]") {
  Fixture f;
  f.Answer({Content("a"), Content("b", 1), Content("c"), kFinished, kDone});
  const FakeCallerConnection& caller = f.Generate("2: hi");
  CHECK_THAT(Events(caller), Catch::Contains("answer 0: a\nanswer 1: b\nanswer 0: c\n"));
  CHECK_THAT(f.upstream.sent().at(0).body, Catch::Contains(R"("n":2)"));
}

TEST_CASE("Generate: a model that answers with a document", "[inference]") {
  Fixture f;
  f.upstream.Answer(200, "application/json", {edge::testing::kPlainAnswer});
  CHECK(Events(f.Generate("hi")) ==
        "started\ndecided: allow\nanswer 0: hello\nfinished 0: stop\nusage: 3 2\nend\n");
}

TEST_CASE("Generate: errors of the model's server", "[inference]") {
  Fixture f;
  SECTION("before its answer") {
    f.upstream.Answer(429, "application/json", {R"({"error":{"message":"slow down"}})"});
    const FakeCallerConnection& caller = f.Generate("hi");
    CHECK(Events(caller) == "started\ndecided: allow\n");
    CHECK(Status(caller) == "8");
    CHECK(caller.trailer("grpc-message") == "slow down");
    CHECK_THAT(Details(caller), Catch::Contains("upstream_error"));
  }
  SECTION("within its answer") {
    f.Answer({Content("a"), "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"});
    const FakeCallerConnection& caller = f.Generate("hi");
    CHECK(Events(caller) == "started\ndecided: allow\nanswer 0: a\n");
    CHECK(Status(caller) == "10");
    CHECK(caller.trailer("grpc-message") == "out of memory");
  }
  SECTION("that breaks off") {
    f.Answer({Content("a")});
    const FakeCallerConnection& caller = f.Generate("hi");
    CHECK(Events(caller) == "started\ndecided: allow\nanswer 0: a\n");
    CHECK(Status(caller) == "10");
    CHECK_THAT(Details(caller), Catch::Contains("upstream_error"));
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
  SECTION("that cannot be reached") {
    f.upstream.send.FailNext(WithReason(absl::UnavailableError("refused"), "upstream_unreachable"));
    CHECK(Status(f.Generate("hi")) == "14");
  }
}

TEST_CASE("Generate: a caller that leaves cancels the model", "[inference]") {
  Fixture f;
  f.Answer({Content("a")});
  f.upstream.read.Next([] { return Content("b"); });
  FakeCallerConnection& caller = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
  f.upstream.read.Hold();
  f.Handle(caller);
  REQUIRE(f.upstream.read.ReleaseOne());
  f.Run();
  CHECK_THAT(Events(caller), Catch::EndsWith("answer 0: a\n"));
  caller.Leave();
  f.Run();
  CHECK(f.end().outcome == Outcome::kCancelled);
  CHECK(f.upstream.dropped() == 1);
  CHECK_FALSE(caller.finished());
}

TEST_CASE("Generate: a drain during the answer is ABORTED: the model has the prompt",
          "[inference]") {
  Fixture f;
  f.Answer({Content("a")});
  f.upstream.read.Hold();
  FakeCallerConnection& caller = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
  f.Handle(caller);
  caller.cancellation().Cancel(absl::AbortedError("the drain ends"));
  f.Run();
  CHECK(Status(caller) == "10");
  CHECK_THAT(Details(caller), Catch::Contains("unavailable"));
  CHECK(f.end().outcome == Outcome::kAborted);
}

TEST_CASE("Generate: a deadline that passes during the answer", "[inference]") {
  Fixture f;
  f.Answer({Content("a")});
  f.upstream.read.Hold();
  FakeCallerConnection& caller = f.NewCaller(kGenerate, EncodeFrame(0, "hi"));
  caller.request().headers.emplace_back("grpc-timeout", "5S");
  f.Handle(caller);
  f.Advance(absl::Seconds(5));
  CHECK(Status(caller) == "4");
  CHECK(f.end().outcome == Outcome::kCancelled);
  CHECK(f.upstream.dropped() == 1);
}

TEST_CASE("Generate: nothing is read from a caller who is not verified", "[inference]") {
  Fixture f;
  f.authenticator.Forget("key-1");
  FakeCallerConnection& caller = f.NewCaller(kGenerate, "");
  caller.keeps_sending = true;
  f.Handle(caller);
  CHECK(Status(caller) == "16");
  CHECK(caller.read.calls() == 0);
}

TEST_CASE("Inference: messages and methods that are refused", "[inference]") {
  Fixture f;
  CHECK(Status(f.Generate("bad")) == "3");
  CHECK(Status(f.Generate("200: hi")) == "3");
  FakeCallerConnection& two = f.NewCaller(kGenerate, EncodeFrame(0, "a") + EncodeFrame(0, "b"));
  f.Handle(two);
  CHECK(Status(two) == "3");
  FakeCallerConnection& unknown =
      f.NewCaller("/countersign.inference.v1.Inference/None", EncodeFrame(0, "a"));
  f.Handle(unknown);
  CHECK(Status(unknown) == "12");
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Chat: each turn is a call, and carries the turns before as they were delivered",
          "[inference]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  f.Answer({Content("a SECRET"), kFinished, kDone});
  f.Answer({Content("b"), kFinished, kDone});
  FakeCallerConnection& caller =
      f.NewCaller(kChat, EncodeFrame(0, "open hi") + EncodeFrame(0, "and?"));
  f.Handle(caller);
  CHECK(Events(caller) ==
        "1. started\n1. decided: allow\n1. answer 0: a <S>\n1. masked answer 0: secret 2-5\n"
        "1. finished 0: stop\n1. end\n"
        "2. started\n2. decided: allow\n2. answer 0: b\n2. finished 0: stop\n2. end\n");
  CHECK(Status(caller) == "0");
  REQUIRE(f.upstream.sent().size() == 2);
  CHECK_THAT(f.upstream.sent()[1].body,
             Catch::Contains(R"("messages":[{"role":"user","content":"hi"},)"
                             R"({"role":"assistant","content":"a <S>"},)"
                             R"({"role":"user","content":"and?"}])"));
  REQUIRE(f.recorder.sessions().size() == 2);
  CHECK(f.recorder.sessions()[1].start.request_id ==
        f.recorder.sessions()[0].start.request_id + "-2");
}

TEST_CASE("Chat: a refused turn ends the stream with its status", "[inference]") {
  Fixture f;
  f.Answer({Content("a"), kFinished, kDone});
  domain::Decision allow;
  allow.verdict = domain::Verdict::kAllow;
  allow.masking_profile = "none";
  f.decider.decide.Always([] { return domain::Decision(); });
  f.decider.decide.Next([allow] { return allow; });
  FakeCallerConnection& caller =
      f.NewCaller(kChat, EncodeFrame(0, "open hi") + EncodeFrame(0, "bomb") + EncodeFrame(0, "hi"));
  f.Handle(caller);
  CHECK_THAT(Events(caller), Catch::EndsWith("1. end\n"));
  CHECK(Status(caller) == "7");
  CHECK(f.upstream.sent().size() == 1);
}

TEST_CASE("Chat: messages out of their order", "[inference]") {
  Fixture f;
  FakeCallerConnection& unopened = f.NewCaller(kChat, EncodeFrame(0, "hi"));
  f.Handle(unopened);
  CHECK(Status(unopened) == "3");
  FakeCallerConnection& empty = f.NewCaller(kChat, "");
  f.Handle(empty);
  CHECK(Status(empty) == "3");
  f.Answer({Content("a"), kFinished, kDone});
  FakeCallerConnection& twice =
      f.NewCaller(kChat, EncodeFrame(0, "open hi") + EncodeFrame(0, "open hi"));
  f.Handle(twice);
  CHECK(Status(twice) == "3");
  CHECK_THAT(Details(twice), Catch::Contains("invalid_request"));
}

TEST_CASE("Chat: what ends a conversation between its turns", "[inference]") {
  Fixture f;
  f.Answer({Content("a"), kFinished, kDone});
  FakeCallerConnection& caller = f.NewCaller(kChat, EncodeFrame(0, "open hi"));
  caller.keeps_sending = true;
  SECTION("its caller says nothing more") {
    f.Handle(caller);
    CHECK(Status(caller).empty());
    f.Advance(absl::Minutes(10));
    CHECK(Status(caller) == "4");
  }
  SECTION("its caller leaves") {
    f.Handle(caller);
    caller.Leave();
    f.Run();
    CHECK_FALSE(caller.finished());
  }
}

}  // namespace
}  // namespace countersign::edge::inference
