#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <future>

#include "countersign/masking/v1/masking.grpc.pb.h"
#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/masker_grpc.h"
#include "libs/clients/recorder_grpc.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/status.h"

namespace countersign::clients {
namespace {

namespace mv1 = countersign::masking::v1;
namespace rv1 = countersign::recorder::v1;
using MaskScript = ScriptedStream<mv1::MaskRequest, mv1::MaskResponse>;
using RecordScript = ScriptedStream<rv1::RecordRequest, rv1::RecordResponse>;

struct Masking final : mv1::MaskingService::CallbackService {
  grpc::ServerBidiReactor<mv1::MaskRequest, mv1::MaskResponse>* Mask(
      grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = MaskScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  Opened<MaskScript> opened;
};

struct Recording final : rv1::RecorderService::CallbackService {
  grpc::ServerBidiReactor<rv1::RecordRequest, rv1::RecordResponse>* Record(
      grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = RecordScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  Opened<RecordScript> opened;
};

absl::Time In(absl::Duration duration) { return absl::Now() + duration; }
const absl::Duration kLong = absl::Seconds(30);

domain::Call TestCall() {
  domain::Call call;
  call.request_id = "r1";
  call.principal = std::make_shared<domain::Principal>();
  call.internal_token = std::make_shared<const SecretString>("token-of-ann");
  return call;
}

std::shared_ptr<grpc::Channel> Nowhere() {
  return grpc::CreateChannel("unix:/nonexistent/countersign.sock",
                             grpc::InsecureChannelCredentials());
}

// A promise that can be handed to a port, and its answer.
template <typename T>
class Waiting {
 public:
  auto done() {
    return [promise = promise_](T answer) { promise->set_value(std::move(answer)); };
  }
  T get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};
using Stream = absl::StatusOr<std::unique_ptr<domain::MaskStream>>;
using Releases = absl::StatusOr<std::vector<domain::FieldRelease>>;

// A masker whose server is the test, and streams opened on it.
struct MaskFixture {
  Masking service;
  InProcessServer server{{&service}};
  GrpcMasker masker{server.channel()};
  std::shared_ptr<MaskScript> script;

  std::unique_ptr<domain::MaskStream> Open() {
    Waiting<Stream> opened;
    masker.Open(TestCall(), "standard", "openai", domain::Direction::kResponse, {}, In(kLong),
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

TEST_CASE("GrpcMasker: pieces go out and releases come back, with what is held", "[clients]") {
  MaskFixture fixture;
  const auto stream = fixture.Open();
  Waiting<Releases> first;
  stream->Feed({{"c/0", "card 4111", false}}, In(kLong), first.done());
  const auto request = fixture.script->Next().value();
  REQUIRE(request.pieces_size() == 1);
  CHECK(request.pieces(0).field() == "c/0");
  CHECK(request.pieces(0).text() == "card 4111");
  fixture.script->Reply(Released("c/0", "card ", 4));
  const auto release = first.get().value().at(0);
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

TEST_CASE("GrpcMasker: placeholders of a prompt come back, and go out with its answer's opening",
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
  fixture.masker.Open(TestCall(), "standard", "openai", domain::Direction::kResponse,
                      std::move(known), In(kLong), opened.done());
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

TEST_CASE("GrpcMasker: a stream knows what its profile says about unknown events", "[clients]") {
  for (const bool refuses : {false, true}) {
    Masking service;
    InProcessServer server({&service});
    GrpcMasker masker(server.channel());
    Waiting<Stream> opened;
    masker.Open(TestCall(), "p", "c", domain::Direction::kResponse, {}, In(kLong), opened.done());
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
  masker.Open(TestCall(), "nope", "c", domain::Direction::kPrompt, {}, In(kLong), opened.done());
  const auto script = service.opened.Next();
  script->Next();
  script->Finish(
      rpc::ToGrpc(WithReason(absl::NotFoundError("no such profile"), "masking_profile_unknown")));
  const auto status = opened.get().status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(ReasonOf(status) == "masking_profile_unknown");
}

TEST_CASE("GrpcMasker: profile none asks nobody", "[clients]") {
  GrpcMasker masker(Nowhere());
  Waiting<Stream> opened;
  masker.Open(TestCall(), "none", "c", domain::Direction::kPrompt, {}, In(kLong), opened.done());
  const auto stream = opened.get().value();
  Waiting<Releases> fed;
  stream->Feed({{"a", "text", true}}, In(kLong), fed.done());
  const auto releases = fed.get().value();
  CHECK(releases.at(0).text == "text");
  CHECK(releases.at(0).Unchanged());
}

TEST_CASE("GrpcMasker: masking that is away is UNAVAILABLE", "[clients]") {
  GrpcMasker masker(Nowhere());
  Waiting<Stream> opened;
  masker.Open(TestCall(), "standard", "c", domain::Direction::kPrompt, {}, In(kLong),
              opened.done());
  CHECK(opened.get().status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcMasker: silence is DEADLINE_EXCEEDED, and the stream is over", "[clients]") {
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

TEST_CASE("GrpcMasker: a stream that breaks fails the piece that waits and all later",
          "[clients]") {
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

TEST_CASE("GrpcMasker: a response that nobody asked for ends the stream", "[clients]") {
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

// A recorder whose server is the test, and a session opened on it.
struct RecordFixture {
  explicit RecordFixture(absl::Duration renew_every = absl::Seconds(5))
      : recorder(server.channel(), renew_every) {}
  Recording service;
  InProcessServer server{{&service}};
  GrpcRecorder recorder;
  std::shared_ptr<RecordScript> script;

  std::unique_ptr<domain::SessionWriter> Open() {
    domain::SessionStart start;
    start.session_id = "s1";
    start.request_id = "r1";
    start.connection = "openai";
    auto prompt = std::make_shared<domain::Prompt>();
    prompt->model = "m";
    start.prompt = prompt;
    start.body = std::string("{\0}", 3);
    auto writer = recorder.NewSession(TestCall(), std::move(start));
    Waiting<absl::Status> opened;
    writer->Append({}, In(kLong), opened.done());
    script = service.opened.Next();
    const auto request = script->Next().value();
    CHECK(request.start().session_id() == "s1");
    CHECK(request.start().prompt().model() == "m");
    CHECK(request.start().body() == std::string("{\0}", 3));
    CHECK(script->token() == "token-of-ann");
    script->Reply(Durable(1));
    CHECK(opened.get().ok());
    return writer;
  }
  static rv1::RecordResponse Durable(unsigned index, bool killed = false) {
    rv1::RecordResponse response;
    response.set_epoch(1);
    response.set_last_index(index);
    response.set_killed(killed);
    return response;
  }
};

std::vector<domain::SessionEvent> OneEvent(const std::string& payload) {
  return {{domain::event_type::kResponseData, payload}};
}

TEST_CASE("GrpcRecorder: appends are answered in order, when they are durable", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  std::mutex mutex;
  std::vector<int> order;
  Waiting<absl::Status> last;
  for (int i = 0; i < 3; ++i) {
    writer->Append(OneEvent(std::to_string(i)), In(kLong),
                   [&, i, done = last.done()](absl::Status status) {
                     CHECK(status.ok());
                     const std::lock_guard<std::mutex> lock(mutex);
                     order.push_back(i);
                     if (i == 2) done(status);
                   });
  }
  for (int i = 0; i < 3; ++i) {
    const auto request = fixture.script->Next().value();
    REQUIRE(request.events_size() == 1);
    CHECK(request.events(0).type() == "response.data");
    CHECK(request.events(0).payload() == std::to_string(i));
  }
  {
    const std::lock_guard<std::mutex> lock(mutex);
    CHECK(order.empty());  // Nothing is durable yet.
  }
  for (unsigned i = 0; i < 3; ++i) fixture.script->Reply(RecordFixture::Durable(2 + i));
  CHECK(last.get().ok());
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE("GrpcRecorder: the end is sent with its outcome and closes the stream", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  bool stopped = false;
  writer->OnStop([&](const absl::Status&) { stopped = true; });
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kCompleted;
  end.output_tokens = 7;
  end.masked = {{"us_ssn", 2}};
  Waiting<absl::Status> ended;
  writer->End(OneEvent("last"), std::move(end), In(kLong), ended.done());
  const auto request = fixture.script->Next().value();
  CHECK(request.events(0).payload() == "last");
  CHECK(request.end().outcome() == "completed");
  CHECK(request.end().output_tokens() == 7);
  CHECK(request.end().masked().at("us_ssn") == 2);
  CHECK_FALSE(fixture.script->Next().has_value());
  fixture.script->Reply(RecordFixture::Durable(2));
  fixture.script->Finish(grpc::Status::OK);
  CHECK(ended.get().ok());
  CHECK_FALSE(stopped);
}

TEST_CASE("GrpcRecorder: a writer that is destroyed without End cancels the stream", "[clients]") {
  RecordFixture fixture;
  auto writer = fixture.Open();
  writer.reset();
  CHECK(fixture.script->WaitCancelled());
}

TEST_CASE("GrpcRecorder: an idle session renews its lease by itself", "[clients]") {
  RecordFixture fixture(absl::Milliseconds(20));
  const auto writer = fixture.Open();
  for (int i = 0; i < 3; ++i) {
    const auto request = fixture.script->Next().value();
    CHECK(request.renew());
    CHECK(request.events().empty());
    fixture.script->Reply(RecordFixture::Durable(1));
  }
}

TEST_CASE("GrpcRecorder: a kill between appends is told by OnStop, once", "[clients]") {
  RecordFixture fixture(absl::Milliseconds(20));
  const auto writer = fixture.Open();
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());  // A second call would break the promise.
  CHECK(fixture.script->Next()->renew());
  fixture.script->Reply(RecordFixture::Durable(1, /*killed=*/true));
  const absl::Status status = stopped.get();
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(ReasonOf(status) == "killed");
  fixture.script->Finish(grpc::Status(grpc::StatusCode::ABORTED, "killed"));
}

TEST_CASE("GrpcRecorder: a kill that answers an append is told there and not again", "[clients]") {
  RecordFixture fixture;
  auto writer = fixture.Open();
  bool told = false;
  writer->OnStop([&](const absl::Status&) { told = true; });
  Waiting<absl::Status> appended;
  writer->Append(OneEvent("x"), In(kLong), appended.done());
  fixture.script->Next();
  fixture.script->Reply(RecordFixture::Durable(2, /*killed=*/true));
  CHECK(ReasonOf(appended.get()) == "killed");
  writer.reset();
  CHECK(fixture.script->WaitCancelled());
  CHECK_FALSE(told);
}

TEST_CASE("GrpcRecorder: a lost lease reaches the append that waits, with its reason",
          "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> appended;
  writer->Append(OneEvent("x"), In(kLong), appended.done());
  fixture.script->Next();
  fixture.script->Finish(
      rpc::ToGrpc(WithReason(absl::AbortedError("closed as truncated"), "lease_lost")));
  const absl::Status status = appended.get();
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(ReasonOf(status) == "lease_lost");
}

TEST_CASE("GrpcRecorder: a stream that breaks while nothing waits is told by OnStop", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());
  fixture.script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  CHECK(stopped.get().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcRecorder: a stop that came first is told when OnStop is set", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  fixture.script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  // The end has arrived when an append is answered with it.
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());
  CHECK(stopped.get().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcRecorder: an append that is not durable in time fails, and the session",
          "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> slow;
  writer->Append(OneEvent("x"), In(absl::Milliseconds(30)), slow.done());
  CHECK(slow.get().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(fixture.script->WaitCancelled());
}

TEST_CASE("GrpcRecorder: a recorder that is away is UNAVAILABLE", "[clients]") {
  GrpcRecorder recorder(Nowhere());
  const auto writer = recorder.NewSession(TestCall(), {});
  Waiting<absl::Status> opened, ended;
  writer->Append({}, In(kLong), opened.done());
  CHECK(opened.get().code() == absl::StatusCode::kUnavailable);
  writer->End({}, {}, In(kLong), ended.done());
  CHECK_FALSE(ended.get().ok());
}

TEST_CASE("GrpcRecorder: a refused call is one request, with its start, its events and its end",
          "[clients]") {
  RecordFixture fixture;
  domain::SessionStart start;
  start.session_id = "s1";
  const auto writer = fixture.recorder.NewSession(TestCall(), std::move(start));
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kBlocked;
  Waiting<absl::Status> ended;
  writer->End(OneEvent("decision"), end, In(kLong), ended.done());
  const auto script = fixture.service.opened.Next();
  const auto request = script->Next().value();
  CHECK(request.start().session_id() == "s1");
  CHECK(request.events_size() == 1);
  CHECK(request.end().outcome() == "blocked");
  CHECK_FALSE(script->Next().has_value());
  script->Reply(RecordFixture::Durable(3));
  script->Finish(grpc::Status::OK);
  CHECK(ended.get().ok());
}

TEST_CASE("GrpcRecorder: a session that is never written to is never sent", "[clients]") {
  RecordFixture fixture;
  bool stopped = false;
  fixture.recorder.NewSession(TestCall(), {})->OnStop([&](absl::Status) { stopped = true; });
  CHECK_FALSE(stopped);
  const auto writer = fixture.Open();  // the first stream that the server sees
  CHECK(fixture.script != nullptr);
}

}  // namespace
}  // namespace countersign::clients
