// Governed calls over gRPC, from their frames to their status, without a network.

#include "services/edge/governed_rpc/serve_governed.h"

#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/match.h"
#include "libs/dialects/kserve/testing/messages.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "libs/grpc_wire/gzip.h"
#include "libs/grpc_wire/web_text.h"
#include "services/edge/testing/rpc_fixture.h"

namespace countersign::edge::governed_rpc {
namespace {

using clients::FakeReviewGate;
using dialects::kserve::testing::Bytes;
using dialects::kserve::testing::Frame;
using dialects::kserve::testing::Model;
using dialects::kserve::testing::Number;
using dialects::kserve::testing::Parameter;
using dialects::kserve::testing::Text;
using domain::Outcome;
using domain::ReviewState;
using edge::testing::CallFixture;
using edge::testing::FakeCallerConnection;
using edge::testing::RpcDetails;
using edge::testing::RpcFixture;
using edge::testing::RpcStatus;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";
constexpr char kStream[] = "/inference.GRPCInferenceService/ModelStreamInfer";
const dialects::HeaderList kOk = {{"grpc-status", "0"}};

std::string Ask(absl::string_view text, absl::string_view id = "") {
  return Frame(Model("llm", id) + Text("text_input", text));
}
std::string Answered(absl::string_view text) {
  return Frame(Model("llm") + Text("text_output", text));
}
std::string Piece(absl::string_view text) {
  return Frame(Bytes(2, Model("llm") + Text("text_output", text)));
}

struct Fixture : RpcFixture {
  Fixture() { AddConnection("triton", domain::Protocol::kKserveV2); }

  FakeCallerConnection& NewCaller(const std::string& path, std::string body) {
    return RpcFixture::NewCaller("triton", path, std::move(body));
  }
  FakeCallerConnection& Call(const std::string& path, std::string body) {
    FakeCallerConnection& caller = NewCaller(path, std::move(body));
    Handle(caller);
    return caller;
  }
  void Deny() {
    decider.decide.Always([] {
      domain::Decision decision;
      decision.message = "not here";
      return decision;
    });
  }
};

TEST_CASE("Governed RPC: an allowed call is sent, answered and recorded", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Answered("hello")}, kOk);
  FakeCallerConnection& caller = f.NewCaller(kInfer, Ask("hi"));
  caller.request().headers.emplace_back("x-other", "stays here");
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Answered("hello"));
  CHECK(caller.verified());
  CHECK(caller.header("x-countersign-session") == f.session().start.session_id);
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.session().start.connection == "triton");
  CHECK(f.session().start.body == Ask("hi"));
  CHECK(f.recorded() == Answered("hello") + "grpc-status: 0\r\n");
  REQUIRE(f.upstream.sent().size() == 1);
  const auto& sent = f.upstream.sent()[0];
  CHECK(sent.body == Ask("hi"));
  CHECK(sent.head.target == kInfer);
  CHECK(sent.head.headers == dialects::HeaderList{{"content-type", "application/grpc"},
                                                  {"te", "trailers"},
                                                  {"grpc-accept-encoding", "identity"}});
  CHECK(
      f.Counted("countersign_requests_total{connection=\"triton\",dialect=\"kserve-v2\","
                "outcome=\"completed\"} 1"));
}

TEST_CASE("Governed RPC: a unary answer is recorded and sent with its status", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Answered("hello")}, kOk);
  CHECK(RpcStatus(f.Call(kInfer, Ask("hi"))) == "0");
  CHECK(f.recorder.append.calls() == 1);  // the intent to send; the answer comes with the end
  f.upstream.AnswerRpc({Answered("hello")}, {});
  const FakeCallerConnection& cut = f.Call(kInfer, Ask("hi"));
  CHECK(RpcStatus(cut) == "10");
  CHECK(cut.body().empty());
}

TEST_CASE("Governed RPC: a large message of an answer is read off the network thread",
          "[governed_rpc]") {
  Fixture f;
  f.decider.AllowAll("standard");
  const std::string answer = Piece(std::string(200'000, 'y') + " SECRET");
  std::promise<void> opened;
  REQUIRE(f.body_pool.TrySubmit([&] { opened.get_future().wait(); }));
  f.upstream.AnswerRpc({Piece("first"), answer.substr(0, 40'000), answer.substr(40'000)}, kOk);
  const FakeCallerConnection& large = f.Call(kStream, Ask("hi"));
  CHECK(large.body() == Piece("first"));
  CHECK_FALSE(large.finished());
  opened.set_value();
  while (!large.finished()) f.Run();
  CHECK(RpcStatus(large) == "0");
  CHECK_THAT(large.body(), Catch::EndsWith("y <S>") && !Catch::Contains("SECRET"));
}

TEST_CASE("Governed RPC: messages that come together are sent with one write", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Piece("one") + Piece("two"), Piece("three")}, kOk);
  const FakeCallerConnection& caller = f.Call(kStream, Ask("hi"));
  REQUIRE(caller.pieces().size() >= 2);
  CHECK(caller.pieces()[0] == Piece("one") + Piece("two"));
  CHECK(caller.pieces()[1] == Piece("three"));
}

TEST_CASE("Governed RPC: over gRPC-Web the trailers are a frame", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Answered("a SECRET")}, kOk);
  f.decider.AllowAll("standard");
  FakeCallerConnection& caller = f.NewCaller(kInfer, Ask("hi"));
  caller.request().http_version = 1;
  for (auto& [name, value] : caller.request().headers) {
    if (name == "content-type") value = "application/grpc-web+proto";
  }
  f.Handle(caller);
  CHECK(caller.status() == 200);
  CHECK(caller.header("content-type") == "application/grpc-web+proto");
  CHECK(caller.body() ==
        Answered("a <S>") + grpc_wire::EncodeFrame(grpc_wire::kWebTrailers, "grpc-status: 0\r\n"));
  CHECK(f.end().outcome == Outcome::kCompleted);

  FakeCallerConnection& text = f.NewCaller(kInfer, grpc_wire::EncodeWebText(Ask("hi")));
  text.request().http_version = 1;
  for (auto& [name, value] : text.request().headers) {
    if (name == "content-type") value = "application/grpc-web-text";
  }
  f.Deny();
  f.Handle(text);
  grpc_wire::WebTextReader reader;
  CHECK_THAT(reader.Feed(text.body()).value(), Catch::Contains("grpc-status: 7\r\n"));
}

TEST_CASE("Governed RPC: a compressed message goes upstream uncompressed", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Answered("x")}, kOk);
  FakeCallerConnection& caller =
      f.NewCaller(kInfer, grpc_wire::EncodeFrame(1, grpc_wire::Gzip(Ask("hi").substr(5))));
  caller.request().headers.emplace_back("grpc-encoding", "gzip");
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "0");
  CHECK(f.upstream.sent()[0].body == Ask("hi"));
}

TEST_CASE("Governed RPC: a prompt is masked before it is sent, in a message that is whole",
          "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = "standard";
    decision.policy_version = 99;
    return decision;
  });
  f.upstream.AnswerRpc({Answered("x")}, kOk);
  CHECK(RpcStatus(f.Call(kInfer, Ask("a SECRET b"))) == "0");
  REQUIRE(f.upstream.sent().size() == 1);
  CHECK(f.upstream.sent()[0].body == Ask("a <S> b"));
}

TEST_CASE("Governed RPC: a denied call has its reason in the status", "[governed_rpc]") {
  Fixture f;
  f.Deny();
  const FakeCallerConnection& caller = f.Call(kInfer, Ask("hi"));
  CHECK(RpcStatus(caller) == "7");
  CHECK(caller.trailer("grpc-message") == "not here");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("policy_denied"));
  CHECK(f.end().outcome == Outcome::kBlocked);
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Governed RPC: a held call goes on when it is approved", "[governed_rpc]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  f.upstream.AnswerRpc({Answered("x")}, kOk);
  const FakeCallerConnection& caller = f.Call(kInfer, Ask("hi"));
  f.Advance(absl::Minutes(3));
  CHECK(!caller.begun());
  f.reviews.wait.Release();
  f.Run();
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Answered("x"));
}

TEST_CASE("Governed RPC: a held call that is denied", "[governed_rpc]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kDenied, "no"); });
  const FakeCallerConnection& caller = f.Call(kInfer, Ask("hi"));
  CHECK(RpcStatus(caller) == "7");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("review_denied") && Catch::Contains("review-1"));
}

TEST_CASE("Governed RPC: a deadline before the hold's end is told of the review at once",
          "[governed_rpc]") {
  Fixture f;
  f.Review(absl::Minutes(4));
  f.reviews.wait.Hold();
  FakeCallerConnection& caller = f.NewCaller(kInfer, Ask("hi"));
  caller.request().headers.emplace_back("grpc-timeout", "30S");
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "9");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("review_pending") && Catch::Contains("review-1"));
}

TEST_CASE("Governed RPC: the deadline ends a call that waits for its answer", "[governed_rpc]") {
  Fixture f;
  f.upstream.send.Hold();
  FakeCallerConnection& caller = f.NewCaller(kInfer, Ask("hi"));
  caller.request().headers.emplace_back("grpc-timeout", "30S");
  f.Handle(caller);
  f.Advance(absl::Seconds(29));
  CHECK(!caller.finished());
  f.Advance(absl::Seconds(2));
  CHECK(RpcStatus(caller) == "4");
  CHECK(f.end().outcome == Outcome::kCancelled);
}

TEST_CASE("Governed RPC: the upstream's status passes, its refusal of us does not",
          "[governed_rpc]") {
  const auto ask = [](const dialects::HeaderList& trailers) {
    Fixture f;
    f.upstream.AnswerRpc({}, trailers);
    const FakeCallerConnection& caller = f.Call(kInfer, Ask("hi"));
    CHECK(f.end().outcome == Outcome::kUpstreamError);
    return std::make_pair(RpcStatus(caller), caller.trailer("grpc-message") + RpcDetails(caller));
  };
  const auto invalid = ask({{"grpc-status", "3"}, {"grpc-message", "no%20such"}});
  CHECK(invalid.first == "3");
  CHECK_THAT(invalid.second, Catch::Contains("no such") && Catch::Contains("upstream_error"));
  const auto refused = ask({{"grpc-status", "16"}});
  CHECK(refused.first == "10");
  CHECK_THAT(refused.second, Catch::Contains("upstream_auth"));
  const auto nothing = ask({});
  CHECK(nothing.first == "10");
  CHECK_THAT(nothing.second, Catch::Contains("upstream_protocol"));
}

TEST_CASE("Governed RPC: methods and connections that do not exist", "[governed_rpc]") {
  Fixture f;
  CHECK(RpcStatus(f.Call("/inference.GRPCInferenceService/ModelTrain", "")) == "12");
  CHECK(RpcStatus(f.Call("/inference.GRPCInferenceService/RepositoryModelLoad", "")) == "7");
  FakeCallerConnection& unknown = f.NewCaller(kInfer, Ask("hi"));
  unknown.request().headers.back().second = "none";
  f.Handle(unknown);
  CHECK(RpcStatus(unknown) == "5");
  FakeCallerConnection& openai = f.NewCaller(kInfer, Ask("hi"));
  openai.request().headers.back().second = "openai";
  f.Handle(openai);
  CHECK(RpcStatus(openai) == "12");
  FakeCallerConnection& stranger = f.NewCaller(kInfer, Ask("hi"));
  stranger.request().headers[1].second = "Bearer nobody";
  f.Handle(stranger);
  CHECK(RpcStatus(stranger) == "16");
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Governed RPC: a message that is too large, or cannot be read", "[governed_rpc]") {
  Fixture f;
  RequestDispatcher small(f.services, [] {
    grpc_calls::RpcOptions options;
    options.max_message_bytes = 16;
    return options;
  }());
  FakeCallerConnection& large = f.NewCaller(kInfer, Ask("a long text"));
  f.executor.Run([](RequestDispatcher& dispatcher, FakeCallerConnection& caller,
                    call::Upstream& upstream) -> async::Awaitable<bool> {
    co_await dispatcher.Handle(caller, upstream);
    co_return true;
  }(small, large, f.upstream));
  CHECK(RpcStatus(large) == "8");
  CHECK(RpcStatus(f.Call(kInfer, Frame("\xff"))) == "3");
  CHECK(RpcStatus(f.Call(kInfer, Ask("a") + Ask("b"))) == "3");
}

TEST_CASE("Governed stream: each message is a call of its own", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Piece("one")}, kOk);
  f.upstream.AnswerRpc({Piece("two")}, kOk);
  const FakeCallerConnection& caller = f.Call(kStream, Ask("a") + Ask("b"));
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Piece("one") + Piece("two"));
  CHECK(f.recorder.sessions().size() == 2);
  REQUIRE(f.upstream.sent().size() == 2);
  CHECK(f.upstream.sent()[0].body == Ask("a"));
  CHECK(f.upstream.sent()[1].body == Ask("b"));
}

TEST_CASE("Governed stream: a refused message is told so in-band, and the others go on",
          "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] {
    domain::Decision decision;
    decision.message = "not here";
    return decision;
  });
  f.upstream.AnswerRpc({Piece("two")}, kOk);
  const FakeCallerConnection& caller = f.Call(kStream, Ask("a", "r-1") + Ask("b", "r-2"));
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() ==
        Frame(Bytes(1, "policy_denied: not here") + Bytes(2, Bytes(3, "r-1"))) + Piece("two"));
}

TEST_CASE("Governed stream: a held message does not hold the others", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] { return CallFixture::AskForReview(); });
  f.reviews.wait.Hold();
  f.upstream.AnswerRpc({Piece("two")}, kOk);
  f.upstream.AnswerRpc({Piece("one")}, kOk);
  const FakeCallerConnection& caller = f.Call(kStream, Ask("a") + Ask("b"));
  CHECK(caller.body() == Piece("two"));
  CHECK(!caller.finished());
  f.reviews.wait.Release();
  f.Run();
  CHECK(caller.body() == Piece("two") + Piece("one"));
  CHECK(RpcStatus(caller) == "0");
}

TEST_CASE("Governed stream: no more calls at once than the limit", "[governed_rpc]") {
  Fixture f;
  f.upstream.send.Hold();
  std::string asked;
  for (int i = 0; i < 40; ++i) asked += Ask("a");
  FakeCallerConnection& caller = f.Call(kStream, asked);
  CHECK(f.upstream.sent().size() == 16);
  caller.Leave();
  f.Run();
  CHECK(f.recorder.sessions().size() == 16);
  for (const auto& session : f.recorder.sessions()) {
    REQUIRE(session.end.has_value());
    CHECK(session.end->outcome == Outcome::kCancelled);
  }
}

TEST_CASE("Governed stream: nothing is read of a caller without a credential", "[governed_rpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.NewCaller(kStream, Ask("a"));
  caller.request().headers[1].second = "Bearer nobody";
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "16");
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("Governed stream: it ends when the gateway stops and nothing runs", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Piece("one")}, kOk);
  FakeCallerConnection& caller = f.NewCaller(kStream, Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  CHECK(caller.body() == Piece("one"));
  CHECK(!caller.finished());
  f.stopping.Stop();
  f.Run();
  f.Advance(absl::Minutes(11));  // the fake caller's read ends by its timeout alone
  CHECK(RpcStatus(caller) == "14");
}

}  // namespace
}  // namespace countersign::edge::governed_rpc
