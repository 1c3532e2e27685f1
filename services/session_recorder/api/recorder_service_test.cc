#include "services/session_recorder/api/recorder_service.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/status.h"
#include "libs/clients/recorder_grpc.h"
#include "libs/rpc/status.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;
using domain::Outcome;

class AnyCaller final : public rpc::CallerVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    if (token != "edge") return absl::UnauthenticatedError("forged");
    return std::make_shared<const domain::Principal>(TestPrincipal());
  }
};

struct Served {
  Served() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    channel = server->InProcessChannel({});
    stub = v1::RecorderService::NewStub(channel);
  }
  ~Served() { server->Shutdown(); }

  // Waits until the session has ended.
  Outcome ReadOutcome(int n) {
    for (;;) {
      recorder.Drain();
      const auto row = store.Find(TestId(n));
      REQUIRE(row.ok());
      if (row->has_value() && !(*row)->summary.running()) return (*row)->summary.end.outcome;
      std::this_thread::yield();
    }
  }

  store::MemoryRecordStore store;
  TestRecorder recorder{store};
  AnyCaller callers;
  std::string not_ready;
  RecorderService service{recorder.sessions, callers, [this] { return not_ready; }};
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::RecorderService::Stub> stub;
};

v1::RecordRequest StartRequest(int n) {
  v1::RecordRequest request;
  request.mutable_start()->set_session_id(TestId(n));
  request.mutable_start()->set_connection("openai");
  return request;
}

v1::RecordRequest DataRequest(const std::string& text) {
  v1::RecordRequest request;
  const domain::SessionEvent event = DataEvent(text);
  request.add_events()->set_type(std::string(event.type));
  request.mutable_events(0)->set_payload(event.payload);
  return request;
}

v1::RecordRequest EndRequest(const std::string& outcome = "completed") {
  v1::RecordRequest request;
  request.mutable_end()->set_outcome(outcome);
  return request;
}

// One client stream, driven by the test.
struct Stream {
  explicit Stream(Served& served, const std::string& token = "edge") {
    context.AddMetadata(rpc::kInternalTokenKey, token);
    stream = served.stub->Record(&context);
  }
  std::optional<v1::RecordResponse> Say(const v1::RecordRequest& request) {
    v1::RecordResponse response;
    if (!stream->Write(request) || !stream->Read(&response)) return std::nullopt;
    return response;
  }
  grpc::Status Finish() {
    stream->WritesDone();
    return stream->Finish();
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RecordRequest, v1::RecordResponse>> stream;
};

}  // namespace

TEST_CASE("Record: every request is answered once, when its events are durable",
          "[session_recorder]") {
  Served served;
  Stream stream(served);
  auto answer = stream.Say(StartRequest(1));
  REQUIRE(answer);
  CHECK(answer->epoch() == 1);
  CHECK(answer->last_index() == 1);
  CHECK(stream.Say(DataRequest("a"))->last_index() == 2);
  v1::RecordRequest renew;
  renew.set_renew(true);
  CHECK(stream.Say(renew)->last_index() == 2);
  CHECK(stream.Say(EndRequest())->last_index() == 3);
  CHECK(stream.Finish().ok());
  CHECK(served.ReadOutcome(1) == Outcome::kCompleted);
}

TEST_CASE("Record: one request may be a whole session", "[session_recorder]") {
  Served served;
  Stream stream(served);
  v1::RecordRequest request = StartRequest(1);
  *request.mutable_events() = DataRequest("a").events();
  request.mutable_end()->set_outcome("blocked");
  CHECK(stream.Say(request)->last_index() == 3);
  CHECK(stream.Finish().ok());
  CHECK(served.ReadOutcome(1) == Outcome::kBlocked);
}

TEST_CASE("Record: pipelined requests are answered in order", "[session_recorder]") {
  Served served;
  Stream stream(served);
  std::thread writer([&] {
    (void)stream.stream->Write(StartRequest(1));
    for (int i = 0; i < 200; ++i) (void)stream.stream->Write(DataRequest(std::to_string(i)));
    (void)stream.stream->Write(EndRequest());
  });
  std::vector<std::uint32_t> answers;
  for (v1::RecordResponse response; answers.size() < 202 && stream.stream->Read(&response);) {
    answers.push_back(response.last_index());
  }
  writer.join();
  for (std::uint32_t i = 0; i < answers.size(); ++i) REQUIRE(answers[i] == i + 1);
  CHECK(answers.size() == 202);
  CHECK(stream.Finish().ok());
}

TEST_CASE("Record: a stream that ends without an end leaves a truncated session",
          "[session_recorder]") {
  Served served;
  {
    Stream stream(served);
    REQUIRE(stream.Say(StartRequest(1)));
    REQUIRE(stream.Say(DataRequest("delivered")));
    SECTION("cancelled") { stream.context.TryCancel(); }
    SECTION("half-closed") { CHECK(stream.Finish().ok()); }
  }
  CHECK(served.ReadOutcome(1) == Outcome::kTruncated);
}

TEST_CASE("Record: a killed session's next answer says so, and it may still end",
          "[session_recorder]") {
  Served served;
  Stream stream(served);
  REQUIRE(stream.Say(StartRequest(1)));
  REQUIRE(*served.recorder.sessions.Kill(TestId(1)));
  const auto answer = stream.Say(DataRequest("x"));
  REQUIRE(answer);
  CHECK(answer->killed());
  REQUIRE(stream.Say(EndRequest("killed")));
  CHECK(stream.Finish().ok());
  CHECK(served.ReadOutcome(1) == Outcome::kKilled);
}

TEST_CASE("Record: a lost lease ends the stream", "[session_recorder]") {
  Served served;
  Stream stream(served);
  REQUIRE(stream.Say(StartRequest(1)));
  served.recorder.clock.Advance(absl::Seconds(16));
  served.recorder.sessions.Tick();
  v1::RecordResponse response;
  CHECK_FALSE(stream.stream->Read(&response));
  const absl::Status status = rpc::FromGrpc(stream.stream->Finish());
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(GetReason(status) == "lease_lost");
  CHECK(served.ReadOutcome(1) == Outcome::kTruncated);
}

TEST_CASE("Record: refuses requests out of order", "[session_recorder]") {
  Served served;
  const auto refusal = [&](const std::vector<v1::RecordRequest>& requests,
                           const std::string& token = "edge") {
    Stream stream(served, token);
    for (const v1::RecordRequest& request : requests) (void)stream.Say(request);
    return stream.Finish().error_code();
  };
  v1::RecordRequest bad_type;
  bad_type.add_events()->set_type("end");
  v1::RecordRequest bad_id;
  bad_id.mutable_start()->set_session_id("../etc");
  CHECK(refusal({StartRequest(1)}, "") == grpc::UNAUTHENTICATED);
  CHECK(refusal({DataRequest("x")}) == grpc::INVALID_ARGUMENT);
  CHECK(refusal({bad_id}) == grpc::INVALID_ARGUMENT);
  CHECK(refusal({StartRequest(2), StartRequest(2)}) == grpc::INVALID_ARGUMENT);
  CHECK(refusal({StartRequest(4), bad_type}) == grpc::INVALID_ARGUMENT);
  CHECK(refusal({StartRequest(5), EndRequest("nonsense")}) == grpc::INVALID_ARGUMENT);
  CHECK(refusal({StartRequest(5)}) == grpc::ALREADY_EXISTS);
  CHECK(refusal({StartRequest(6), EndRequest(), DataRequest("late")}) == grpc::FAILED_PRECONDITION);
  CHECK(served.ReadOutcome(4) == Outcome::kTruncated);
}

TEST_CASE("RecorderService: tells why nothing can be recorded", "[session_recorder]") {
  Served served;
  for (const char* const reason : {"", "nothing can be recorded: disk full"}) {
    served.not_ready = reason;
    grpc::ClientContext context;
    v1::GetReadinessResponse response;
    REQUIRE(served.stub->GetReadiness(&context, {}, &response).ok());
    CHECK(response.not_ready() == reason);
  }
}

TEST_CASE("GrpcRecorder and RecorderService: a session as the edge sees it", "[session_recorder]") {
  Served served;
  clients::GrpcRecorder recorder(served.channel);
  domain::Call call;
  call.principal = std::make_shared<domain::Principal>(TestPrincipal());
  call.internal_token = std::make_shared<SecretString>("edge");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  const auto writer = recorder.NewSession(call, TestStart(TestId(1)));
  std::promise<absl::Status> appended, ended;
  writer->Append({DecisionEvent(), DataEvent("x")}, deadline,
                 [&](absl::Status status) { appended.set_value(status); });
  const absl::Status append = appended.get_future().get();
  INFO(append.ToString());
  CHECK(append.ok());
  writer->End({DataEvent("y")}, Completed(), deadline,
              [&](absl::Status status) { ended.set_value(status); });
  CHECK(ended.get_future().get().ok());
  CHECK(served.ReadOutcome(1) == Outcome::kCompleted);
  const auto row = served.store.Find(TestId(1));
  CHECK((*row)->summary.policy == "default-allow");
  CHECK((*row)->head.index == 5);
}

}  // namespace countersign::session_recorder::api
