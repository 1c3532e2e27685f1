#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <future>

#include "countersign/masking/v1/masking.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/masker_grpc.h"
#include "libs/clients/testing/port_calls.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/status.h"

namespace countersign::clients {
namespace {

namespace mv1 = countersign::masking::v1;
using MaskScript = ScriptedStream<mv1::MaskRequest, mv1::MaskResponse>;

struct Masking final : mv1::MaskingService::CallbackService {
  grpc::ServerBidiReactor<mv1::MaskRequest, mv1::MaskResponse>* Mask(
      grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = MaskScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  Opened<MaskScript> opened;
};

using Stream = absl::StatusOr<std::unique_ptr<domain::MaskStream>>;
using Releases = absl::StatusOr<std::vector<domain::FieldRelease>>;

// A masker whose server is driven by the test, and streams opened on it.
struct MaskFixture {
  Masking service;
  InProcessServer server{{&service}};
  GrpcMasker masker{server.channel()};
  std::shared_ptr<MaskScript> script;

  std::unique_ptr<domain::MaskStream> Open() {
    Waiting<Stream> opened;
    masker.Open(TestCall(), {"standard", "openai", domain::Direction::kResponse, {}}, In(kLong),
                opened.done());
    script = service.opened.Next();
    const auto request = script->Next();
    REQUIRE(request.has_value());
    CHECK(request->open().profile() == "standard");
    CHECK(request->open().connection() == "openai");
    CHECK(request->open().direction() == mv1::DIRECTION_RESPONSE);
    CHECK(script->token() == "token-of-ann");
    script->Reply({});
    return opened.get().value();
  }
};

mv1::MaskResponse Released(const std::string& field, const std::string& text, unsigned held) {
  mv1::MaskResponse response;
  auto* release = response.add_releases();
  release->set_field(field);
  release->set_text(text);
  release->set_held(held);
  return response;
}

TEST_CASE("GrpcMasker: sends pieces and receives releases with the held bytes", "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  Waiting<Releases> first;
  stream->Feed({{"c/0", "card 4111", false}}, In(kLong), first.done());
  const auto request = fixture.script->Next().value();
  REQUIRE(request.pieces_size() == 1);
  CHECK(request.pieces(0).field() == "c/0");
  CHECK(request.pieces(0).text() == "card 4111");
  mv1::MaskResponse reply = Released("c/0", "card ", 4);
  reply.mutable_releases(0)->add_unanalyzed("names");
  fixture.script->Reply(std::move(reply));
  const auto release = first.get().value().at(0);
  CHECK(release.unanalyzed == std::vector<std::string>{"names"});
  CHECK(release.text == "card ");
  CHECK(release.held_before == 0);
  CHECK(release.held_after == 4);
  CHECK_FALSE(release.Unchanged());

  Waiting<Releases> second;
  stream->Feed({{"c/0", "111", true}}, In(kLong), second.done());
  CHECK(fixture.script->Next()->pieces(0).end());
  auto answer = Released("c/0", "<CARD>", 0);
  auto* span = answer.mutable_releases(0)->add_masked();
  span->set_begin(0);
  span->set_end(6);
  span->set_entity("credit_card");
  span->set_original("4111111");
  fixture.script->Reply(answer);
  const auto last = second.get().value().at(0);
  CHECK(last.held_before == 4);
  CHECK(last.held_after == 0);
  REQUIRE(last.masked.size() == 1);
  CHECK(last.masked[0].entity == "credit_card");
  CHECK(last.masked[0].original == "4111111");
}

TEST_CASE("GrpcMasker: receives a prompt's placeholders and sends them when its answer is opened",
          "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  Waiting<Releases> fed;
  stream->Feed({{"part/0", "ann@example.com", true}}, In(kLong), fed.done());
  fixture.script->Next();
  auto answer = Released("part/0", "<EMAIL_a1b2c3d4e5>", 0);
  auto* made = answer.mutable_releases(0)->add_placeholders();
  made->set_token("<EMAIL_a1b2c3d4e5>");
  made->set_original("ann@example.com");
  fixture.script->Reply(answer);
  std::vector<domain::Placeholder> known = fed.get().value().at(0).placeholders;
  REQUIRE(known.size() == 1);
  CHECK(known[0].token == "<EMAIL_a1b2c3d4e5>");
  CHECK(known[0].original == "ann@example.com");

  Waiting<Stream> opened;
  fixture.masker.Open(TestCall(),
                      {"standard", "openai", domain::Direction::kResponse, std::move(known)},
                      In(kLong), opened.done());
  const auto script = fixture.service.opened.Next();
  const auto request = script->Next().value();
  REQUIRE(request.open().known_size() == 1);
  CHECK(request.open().known(0).token() == "<EMAIL_a1b2c3d4e5>");
  CHECK(request.open().known(0).original() == "ann@example.com");
  script->Reply({});
  const auto answering = opened.get().value();
  Waiting<Releases> restored;
  answering->Feed({{"c/0", "<EMAIL_a1b2c3d4e5>", true}}, In(kLong), restored.done());
  script->Next();
  auto back = Released("c/0", "ann@example.com", 0);
  back.mutable_releases(0)->set_restored(true);
  script->Reply(back);
  const auto release = restored.get().value().at(0);
  CHECK(release.restored);
  CHECK_FALSE(release.Unchanged());
}

TEST_CASE("GrpcMasker: a stream has its profile's unknownEvents", "[clients]") {
  for (const bool refuses : {false, true}) {
    Masking service;
    InProcessServer server({&service});
    GrpcMasker masker(server.channel());
    Waiting<Stream> opened;
    masker.Open(TestCall(), {"p", "c", domain::Direction::kResponse, {}}, In(kLong), opened.done());
    const auto script = service.opened.Next();
    REQUIRE(script->Next().has_value());
    mv1::MaskResponse response;
    response.set_refuses_unknown_events(refuses);
    script->Reply(response);
    CHECK((opened.get().value()->unknown_events() == domain::UnknownEvents::kRefuse) == refuses);
  }
}

TEST_CASE("GrpcMasker: an unknown profile is refused when opening", "[clients]") {
  Masking service;
  InProcessServer server({&service});
  GrpcMasker masker(server.channel());
  Waiting<Stream> opened;
  masker.Open(TestCall(), {"nope", "c", domain::Direction::kPrompt, {}}, In(kLong), opened.done());
  const auto script = service.opened.Next();
  script->Next();
  script->Finish(
      rpc::ToGrpc(WithReason(absl::NotFoundError("no such profile"), "masking_profile_unknown")));
  const auto status = opened.get().status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(GetReason(status) == "masking_profile_unknown");
}

TEST_CASE("GrpcMasker: profile none needs no server", "[clients]") {
  GrpcMasker masker(Nowhere());
  Waiting<Stream> opened;
  masker.Open(TestCall(), {"none", "c", domain::Direction::kPrompt, {}}, In(kLong), opened.done());
  const auto stream = opened.get().value();
  Waiting<Releases> fed;
  stream->Feed({{"a", "text", true}}, In(kLong), fed.done());
  const auto releases = fed.get().value();
  CHECK(releases.at(0).text == "text");
  CHECK(releases.at(0).Unchanged());
}

TEST_CASE("GrpcMasker: an unreachable server is UNAVAILABLE", "[clients]") {
  GrpcMasker masker(Nowhere());
  Waiting<Stream> opened;
  masker.Open(TestCall(), {"standard", "c", domain::Direction::kPrompt, {}}, In(kLong),
              opened.done());
  CHECK(opened.get().status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcMasker: no answer is DEADLINE_EXCEEDED and ends the stream", "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  Waiting<Releases> silent;
  stream->Feed({{"a", "x", false}}, In(absl::Milliseconds(30)), silent.done());
  CHECK(silent.get().status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(fixture.script->WaitCancelled());
  Waiting<Releases> later;
  stream->Feed({{"a", "x", false}}, In(kLong), later.done());
  CHECK_FALSE(later.get().ok());
}

TEST_CASE("GrpcMasker: a broken stream fails outstanding and later pieces", "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  Waiting<Releases> waiting;
  stream->Feed({{"a", "x", false}}, In(kLong), waiting.done());
  fixture.script->Next();
  fixture.script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  CHECK(waiting.get().status().code() == absl::StatusCode::kUnavailable);
  Waiting<Releases> later;
  stream->Feed({{"a", "y", false}}, In(kLong), later.done());
  CHECK(later.get().status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcMasker: an answer that does not fit the pieces is an error", "[clients]") {
  const auto answered = [](mv1::MaskResponse response) {
    MaskFixture fixture;
    const auto stream = fixture.Open();
    Waiting<Releases> fed;
    stream->Feed({{"a", "x", false}}, In(kLong), fed.done());
    fixture.script->Next();
    fixture.script->Reply(std::move(response));
    return fed.get().status().code();
  };
  CHECK(answered({}) == absl::StatusCode::kInternal);
  CHECK(answered(Released("b", "x", 0)) == absl::StatusCode::kInternal);
  auto span_outside = Released("a", "x", 0);
  span_outside.mutable_releases(0)->add_masked()->set_end(2);
  CHECK(answered(span_outside) == absl::StatusCode::kInternal);
  CHECK(answered(Released("a", "x", 0)) == absl::StatusCode::kOk);
}

TEST_CASE("GrpcMasker: an unexpected response ends the stream", "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  fixture.script->Reply(Released("a", "x", 0));
  CHECK(fixture.script->WaitCancelled());
  Waiting<Releases> fed;
  stream->Feed({{"a", "x", false}}, In(kLong), fed.done());
  CHECK(fed.get().status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("GrpcMasker: destroying a stream ends it and drops the answer", "[clients]") {
  MaskFixture fixture;
  auto stream = fixture.Open();
  auto token = std::make_shared<int>(0);
  std::weak_ptr<int> kept = token;
  bool answered = false;
  stream->Feed({{"a", "x", false}}, In(kLong),
               [&answered, token = std::move(token)](const Releases&) { answered = true; });
  fixture.script->Next();
  stream.reset();
  CHECK_FALSE(fixture.script->Next().has_value());  // Half-closed.
  fixture.script->Reply(Released("a", "x", 0));
  fixture.script->Finish(grpc::Status::OK);
  while (!kept.expired()) std::this_thread::yield();
  CHECK_FALSE(answered);
}

}  // namespace
}  // namespace countersign::clients
