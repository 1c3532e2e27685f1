#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <future>

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/clients/recorder_grpc.h"
#include "libs/clients/testing/port_calls.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/status.h"

namespace countersign::clients {
namespace {

namespace rv1 = countersign::recorder::v1;
using RecordScript = ScriptedStream<rv1::RecordRequest, rv1::RecordResponse>;

struct Recording final : rv1::RecorderService::CallbackService {
  grpc::ServerBidiReactor<rv1::RecordRequest, rv1::RecordResponse>* Record(
      grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = RecordScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  Opened<RecordScript> opened;
};

// A recorder whose server is driven by the test, and a session opened on it.
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
  Mutex mutex;
  std::vector<int> order;
  Waiting<absl::Status> last;
  for (int i = 0; i < 3; ++i) {
    writer->Append(OneEvent(std::to_string(i)), In(kLong),
                   [&, i, done = last.done()](absl::Status status) {
                     CHECK(status.ok());
                     const MutexLock lock(mutex);
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
    const MutexLock lock(mutex);
    CHECK(order.empty());  // The server has answered nothing yet.
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

TEST_CASE("GrpcRecorder: an idle session renews its lease", "[clients]") {
  RecordFixture fixture(absl::Milliseconds(20));
  const auto writer = fixture.Open();
  for (int i = 0; i < 3; ++i) {
    const auto request = fixture.script->Next().value();
    CHECK(request.renew());
    CHECK(request.events().empty());
    fixture.script->Reply(RecordFixture::Durable(1));
  }
}

TEST_CASE("GrpcRecorder: a kill between appends is reported by OnStop, once", "[clients]") {
  RecordFixture fixture(absl::Milliseconds(20));
  const auto writer = fixture.Open();
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());  // A second call would throw.
  CHECK(fixture.script->Next()->renew());
  fixture.script->Reply(RecordFixture::Durable(1, /*killed=*/true));
  const absl::Status status = stopped.get();
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(GetReason(status) == "killed");
  fixture.script->Finish(grpc::Status(grpc::StatusCode::ABORTED, "killed"));
}

TEST_CASE("GrpcRecorder: a kill reported by an append is not reported again", "[clients]") {
  RecordFixture fixture;
  auto writer = fixture.Open();
  bool told = false;
  writer->OnStop([&](const absl::Status&) { told = true; });
  Waiting<absl::Status> appended;
  writer->Append(OneEvent("x"), In(kLong), appended.done());
  fixture.script->Next();
  fixture.script->Reply(RecordFixture::Durable(2, /*killed=*/true));
  CHECK(GetReason(appended.get()) == "killed");
  writer.reset();
  CHECK(fixture.script->WaitCancelled());
  CHECK_FALSE(told);
}

TEST_CASE("GrpcRecorder: a lost lease fails the outstanding append with its reason", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> appended;
  writer->Append(OneEvent("x"), In(kLong), appended.done());
  fixture.script->Next();
  fixture.script->Finish(
      rpc::ToGrpc(WithReason(absl::AbortedError("closed as truncated"), "lease_lost")));
  const absl::Status status = appended.get();
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(GetReason(status) == "lease_lost");
}

TEST_CASE("GrpcRecorder: a stream that breaks while idle is reported by OnStop", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());
  fixture.script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  CHECK(stopped.get().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcRecorder: a stop before OnStop is reported when OnStop is set", "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  fixture.script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  // The server's end has arrived when an append is answered with it.
  Waiting<absl::Status> stopped;
  writer->OnStop(stopped.done());
  CHECK(stopped.get().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcRecorder: an append not durable before its deadline fails, and the session, too",
          "[clients]") {
  RecordFixture fixture;
  const auto writer = fixture.Open();
  Waiting<absl::Status> slow;
  writer->Append(OneEvent("x"), In(absl::Milliseconds(30)), slow.done());
  CHECK(slow.get().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(fixture.script->WaitCancelled());
}

TEST_CASE("GrpcRecorder: an unreachable server is UNAVAILABLE", "[clients]") {
  GrpcRecorder recorder(Nowhere());
  const auto writer = recorder.NewSession(TestCall(), {});
  Waiting<absl::Status> opened, ended;
  writer->Append({}, In(kLong), opened.done());
  CHECK(opened.get().code() == absl::StatusCode::kUnavailable);
  writer->End({}, {}, In(kLong), ended.done());
  CHECK_FALSE(ended.get().ok());
}

TEST_CASE("GrpcRecorder: a refused call is one request with start, events and end", "[clients]") {
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

TEST_CASE("GrpcRecorder: a session without writes is never sent", "[clients]") {
  RecordFixture fixture;
  bool stopped = false;
  fixture.recorder.NewSession(TestCall(), {})->OnStop([&](absl::Status) { stopped = true; });
  CHECK_FALSE(stopped);
  const auto writer = fixture.Open();  // the first stream at the server
  CHECK(fixture.script != nullptr);
}

}  // namespace
}  // namespace countersign::clients
