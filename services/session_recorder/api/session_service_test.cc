#include "services/session_recorder/api/session_service.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "libs/rpc/status.h"
#include "services/session_recorder/api/recorder_service.h"
#include "services/session_recorder/exports/verifier.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;

// Accepts the tokens "auditor", "second-auditor", "auditor-of-anthropic", "auditor-of-openai",
// "admin" and "edge". All but the second auditor are one person, with other roles.
class FakeCallers final : public rpc::CallerVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    auto principal = std::make_shared<domain::Principal>(TestPrincipal());
    if (token == "auditor") {
      principal->roles = {{domain::Role::kAuditor, {}}};
    } else if (token == "second-auditor") {
      principal->subject = "u-2";
      principal->roles = {{domain::Role::kAuditor, {}}};
    } else if (token == "auditor-of-openai") {
      principal->roles = {{domain::Role::kAuditor, {"openai"}}};
    } else if (token == "auditor-of-anthropic") {
      principal->roles = {{domain::Role::kAuditor, {"anthropic"}}};
    } else if (token == "admin") {
      principal->roles = {{domain::Role::kAdmin, {}}};
    } else if (token != "edge") {
      return absl::UnauthenticatedError("forged");
    }
    return principal;
  }
};

// The recorder's services over an in-memory store and an in-process channel.
struct Served {
  Served() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&recorder_service);
    builder.RegisterService(&session_service);
    server = builder.BuildAndStart();
    sessions = v1::SessionService::NewStub(server->InProcessChannel({}));
    recording = v1::RecorderService::NewStub(server->InProcessChannel({}));
  }
  ~Served() { server->Shutdown(); }

  static std::unique_ptr<grpc::ClientContext> As(const std::string& token) {
    auto context = std::make_unique<grpc::ClientContext>();
    if (!token.empty()) context->AddMetadata(rpc::kInternalTokenKey, token);
    return context;
  }

  // Records a finished session.
  void Record(int n, const std::string& prompt = "hello",
              const std::vector<std::string>& pieces = {"answer"}) {
    const auto session = recorder.Open(TestStart(TestId(n), prompt));
    REQUIRE(session.ok());
    for (const std::string& piece : pieces) {
      REQUIRE(recorder.Append(*session, {DataEvent(piece)}).ok());
    }
    REQUIRE(recorder.End(*session).ok());
    recorder.clock.Advance(absl::Seconds(1));
  }

  store::MemoryRecordStore store;
  TestRecorder recorder{store};
  chain::Checkpointer checkpointer{store, recorder.clock, crypto::SigningKey::Generate(), {}};
  exports::Exporter exporter{store, recorder.keys, checkpointer, recorder.clock, recorder.random};
  audit::SessionReader reader{store, recorder.keys,
                              crypto::PageTokens(SecretString("secret"), recorder.random)};
  ThreadPool pool{2, 100};
  FakeCallers callers;
  RecorderService recorder_service{recorder.sessions, callers, [] { return ""; }};
  SessionService session_service{recorder.sessions,    reader, exporter, pool, callers,
                                 absl::Milliseconds(5)};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::SessionService::Stub> sessions;
  std::unique_ptr<v1::RecorderService::Stub> recording;
};

std::vector<std::string> List(Served& served, const v1::ListSessionsRequest& request,
                              const std::string& token = "auditor") {
  v1::ListSessionsResponse response;
  const grpc::Status status =
      served.sessions->ListSessions(Served::As(token).get(), request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  std::vector<std::string> ids;
  for (const v1::Session& session : response.items()) ids.push_back(session.id());
  return ids;
}

}  // namespace

TEST_CASE("SessionService: every method needs an authenticated auditor", "[session_recorder]") {
  Served served;
  served.Record(1);
  const auto code_of = [&](const std::string& token) {
    v1::ListSessionsResponse list;
    v1::GetSessionResponse get;
    v1::ExportSessionsResponse exported;
    v1::KillSessionResponse kill;
    v1::GetSessionRequest get_request;
    get_request.set_id(TestId(1));
    v1::KillSessionRequest kill_request;
    kill_request.set_id(TestId(1));
    const std::vector<grpc::StatusCode> codes = {
        served.sessions->ListSessions(Served::As(token).get(), {}, &list).error_code(),
        served.sessions->GetSession(Served::As(token).get(), get_request, &get).error_code(),
        served.sessions->ExportSessions(Served::As(token).get(), {}, &exported).error_code(),
        served.sessions->KillSession(Served::As(token).get(), kill_request, &kill).error_code()};
    for (const grpc::StatusCode code : codes) CHECK(code == codes[0]);
    return codes[0];
  };
  CHECK(code_of("") == grpc::UNAUTHENTICATED);
  CHECK(code_of("forged") == grpc::UNAUTHENTICATED);
  CHECK(code_of("admin") == grpc::PERMISSION_DENIED);
  CHECK(code_of("auditor") == grpc::OK);
}

TEST_CASE("SessionService: an auditor of some connections sees no others", "[session_recorder]") {
  Served served;
  served.Record(1);
  CHECK(List(served, {}, "auditor-of-anthropic").empty());
  CHECK(List(served, {}, "auditor").size() == 1);
  v1::GetSessionRequest request;
  request.set_id(TestId(1));
  v1::GetSessionResponse response;
  CHECK(served.sessions->GetSession(Served::As("auditor-of-anthropic").get(), request, &response)
            .error_code() == grpc::PERMISSION_DENIED);
}

TEST_CASE("ListSessions: a running session has no outcome", "[session_recorder]") {
  Served served;
  REQUIRE(served.recorder.Open(TestStart(TestId(1))).ok());
  v1::ListSessionsRequest request;
  request.set_outcome("running");
  v1::ListSessionsResponse response;
  REQUIRE(served.sessions->ListSessions(Served::As("auditor").get(), request, &response).ok());
  REQUIRE(response.items_size() == 1);
  CHECK_FALSE(response.items(0).has_outcome());
  served.Record(2);
  request.Clear();
  REQUIRE(served.sessions->ListSessions(Served::As("auditor").get(), request, &response).ok());
  CHECK(response.items(0).outcome() == "completed");
}

TEST_CASE("ListSessions: filters, pages, and refuses unknown filters", "[session_recorder]") {
  Served served;
  for (int n = 1; n <= 5; ++n) served.Record(n);
  v1::ListSessionsRequest request;
  request.set_page_size(2);
  v1::ListSessionsResponse response;
  std::vector<std::string> ids;
  do {
    request.set_page_token(response.next_page_token());
    response.Clear();
    REQUIRE(served.sessions->ListSessions(Served::As("auditor").get(), request, &response).ok());
    CHECK(response.items_size() <= 2);
    for (const v1::Session& session : response.items()) ids.push_back(session.id());
  } while (!response.next_page_token().empty());
  CHECK(ids == std::vector<std::string>{TestId(5), TestId(4), TestId(3), TestId(2), TestId(1)});

  request.Clear();
  request.set_outcome("completed");
  CHECK(List(served, request).size() == 5);
  request.set_outcome("running");
  CHECK(List(served, request).empty());
  request.set_outcome("nonsense");
  const grpc::Status refused =
      served.sessions->ListSessions(Served::As("auditor").get(), request, &response);
  CHECK(refused.error_code() == grpc::INVALID_ARGUMENT);
  request.Clear();
  request.set_page_token("!");
  CHECK(
      served.sessions->ListSessions(Served::As("auditor").get(), request, &response).error_code() ==
      grpc::INVALID_ARGUMENT);
}

TEST_CASE("ListSessions: text is found in prompts, and in answers across pieces",
          "[session_recorder]") {
  Served served;
  served.Record(1, "What about PROJECT aurora?");
  served.Record(
      2, "hello",
      {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"the auro\"}}]}\n\n",
       "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"zzz\"}}]}\n\n",
       "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ra borealis\"}}]}\n\n"});
  served.Record(3, "hello", {"{\"choices\":[{\"message\":{\"content\":\"Aur", "ora\"}}]}"});
  served.Record(4, "nothing of it");
  v1::ListSessionsRequest request;
  request.set_text("aurora");
  CHECK(List(served, request) == std::vector<std::string>{TestId(3), TestId(2), TestId(1)});
  request.set_page_size(1);
  CHECK(List(served, request) == std::vector<std::string>{TestId(3)});
  request.set_text("not there");
  CHECK(List(served, request).empty());
}

TEST_CASE("GetSession: returns decrypted events with their offsets, in parts",
          "[session_recorder]") {
  Served served;
  const auto session = served.recorder.Open(TestStart(TestId(1), "what is it?"));
  served.recorder.clock.Advance(absl::Milliseconds(1500));
  REQUIRE(served.recorder.Append(*session, {DataEvent("piece")}).ok());
  REQUIRE(served.recorder.End(*session).ok());
  v1::GetSessionRequest request;
  request.set_id(TestId(1));
  v1::GetSessionResponse response;
  REQUIRE(served.sessions->GetSession(Served::As("auditor").get(), request, &response).ok());
  REQUIRE(response.events_size() == 3);
  CHECK(response.events(0).type() == "request");
  CHECK(response.events(0).payload().find("what is it?") != std::string::npos);
  CHECK(response.events(1).offset_ms() == 1500);
  CHECK(*domain::ReadResponseDataPayload(response.events(1).payload()) == "piece");
  CHECK(response.events(2).hash() == response.session().head());
  CHECK(response.session().identity() == "ann");
  CHECK(response.session().masked().at("credit_card") == 1);
  CHECK_FALSE(response.more());
  request.set_after_index(1);
  request.set_max_events(1);
  REQUIRE(served.sessions->GetSession(Served::As("auditor").get(), request, &response).ok());
  REQUIRE(response.events_size() == 1);
  CHECK(response.events(0).index() == 2);
  CHECK(response.more());
  request.set_id(TestId(9));
  CHECK(served.sessions->GetSession(Served::As("auditor").get(), request, &response).error_code() ==
        grpc::NOT_FOUND);
  request.set_id("nonsense");
  CHECK(served.sessions->GetSession(Served::As("auditor").get(), request, &response).error_code() ==
        grpc::INVALID_ARGUMENT);
}

TEST_CASE("ListSessions: a page token works for the same caller, scope and query only",
          "[session_recorder]") {
  Served served;
  for (int n = 1; n <= 3; ++n) served.Record(n);
  v1::ListSessionsRequest request;
  request.set_page_size(1);
  request.set_connection("openai");
  v1::ListSessionsResponse response;
  REQUIRE(served.sessions->ListSessions(Served::As("auditor").get(), request, &response).ok());
  request.set_page_token(response.next_page_token());
  CHECK(List(served, request) == std::vector<std::string>{TestId(2)});
  CHECK(List(served, request) == std::vector<std::string>{TestId(2)});
  const auto code = [&](const std::string& token) {
    return served.sessions->ListSessions(Served::As(token).get(), request, &response).error_code();
  };
  CHECK(code("second-auditor") == grpc::INVALID_ARGUMENT);
  CHECK(code("auditor-of-openai") == grpc::INVALID_ARGUMENT);
  request.set_connection("anthropic");
  CHECK(code("auditor") == grpc::INVALID_ARGUMENT);
  request.clear_connection();
  CHECK(code("auditor") == grpc::INVALID_ARGUMENT);
}

TEST_CASE("ExportSessions: a page token does not work for another caller or a smaller role",
          "[session_recorder]") {
  Served served;
  for (int n = 1; n <= 3; ++n) served.Record(n, std::string(600'000, 'x'));
  const auto code = [&](const std::string& as, const v1::ExportSessionsRequest& request) {
    v1::ExportSessionsResponse response;
    return served.sessions->ExportSessions(Served::As(as).get(), request, &response).error_code();
  };
  v1::ExportSessionsRequest request;
  v1::ExportSessionsResponse response;
  REQUIRE(served.sessions->ExportSessions(Served::As("auditor").get(), {}, &response).ok());
  request.set_page_token(response.next_page_token());
  CHECK(code("second-auditor", request) == grpc::NOT_FOUND);
  CHECK(code("auditor-of-openai", request) == grpc::PERMISSION_DENIED);
  CHECK(code("admin", request) == grpc::PERMISSION_DENIED);
  CHECK(code("auditor", request) == grpc::OK);

  request.Clear();
  for (int n = 1; n <= 3; ++n) request.add_ids(TestId(n));
  REQUIRE(served.sessions->ExportSessions(Served::As("auditor").get(), request, &response).ok());
  request.Clear();
  request.set_page_token(response.next_page_token());
  CHECK(code("auditor-of-anthropic", request) == grpc::PERMISSION_DENIED);
  CHECK(code("auditor-of-openai", request) == grpc::OK);
}

TEST_CASE("ExportSessions: the concatenated pages verify", "[session_recorder]") {
  Served served;
  for (int n = 1; n <= 3; ++n) served.Record(n, std::string(600'000, 'x'));
  std::stringstream file;
  v1::ExportSessionsRequest request;
  v1::ExportSessionsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    response.Clear();
    REQUIRE(served.sessions->ExportSessions(Served::As("auditor").get(), request, &response).ok());
    file << response.lines();
  } while (!response.next_page_token().empty());
  const exports::VerifyReport report =
      exports::Verify(file, served.checkpointer.key().public_key());
  CHECK(report.intact);
  CHECK(report.sessions.size() == 3);
  request.set_page_token("unknown.1");
  CHECK(served.sessions->ExportSessions(Served::As("auditor").get(), request, &response)
            .error_code() == grpc::NOT_FOUND);
}

TEST_CASE("KillSession: stops a running session and reports whether it was running",
          "[session_recorder]") {
  Served served;
  const auto session = served.recorder.Open(TestStart(TestId(1)));
  v1::KillSessionRequest request;
  request.set_id(TestId(1));
  v1::KillSessionResponse response;
  REQUIRE(served.sessions->KillSession(Served::As("auditor").get(), request, &response).ok());
  CHECK(response.was_running());
  CHECK_FALSE(served.recorder.sessions.Renew(*session).ok());
  REQUIRE(served.recorder.End(*session).ok());
  REQUIRE(served.sessions->KillSession(Served::As("auditor").get(), request, &response).ok());
  CHECK_FALSE(response.was_running());
  request.set_id(TestId(2));
  CHECK(
      served.sessions->KillSession(Served::As("auditor").get(), request, &response).error_code() ==
      grpc::NOT_FOUND);
}

TEST_CASE("TailSession: the events that are there, those that follow, and the end",
          "[session_recorder]") {
  Served served;
  const auto session = served.recorder.Open(TestStart(TestId(1), "hello"));
  REQUIRE(session.ok());
  v1::TailSessionRequest request;
  request.set_id(TestId(1));
  const auto context = Served::As("auditor");
  const auto reader = served.sessions->TailSession(context.get(), request);
  v1::TailSessionResponse response;
  REQUIRE(reader->Read(&response));
  CHECK(response.session().id() == TestId(1));
  CHECK_FALSE(response.session().has_outcome());
  const std::uint32_t events = response.events_size();
  REQUIRE(served.recorder.Append(*session, {DataEvent("piece")}).ok());
  REQUIRE(reader->Read(&response));
  REQUIRE(response.events_size() == 1);
  CHECK(response.events(0).index() == events + 1);
  REQUIRE(served.recorder.End(*session).ok());
  while (reader->Read(&response)) continue;
  CHECK(response.session().has_outcome());
  CHECK(reader->Finish().ok());
}

TEST_CASE("TailSession: of an ended session, from an index on", "[session_recorder]") {
  Served served;
  served.Record(1, "hello", {"a", "b", "c"});
  v1::TailSessionRequest request;
  request.set_id(TestId(1));
  request.set_after_index(2);
  const auto context = Served::As("auditor");
  const auto reader = served.sessions->TailSession(context.get(), request);
  v1::TailSessionResponse response;
  REQUIRE(reader->Read(&response));
  REQUIRE(response.events_size() > 0);
  CHECK(response.events(0).index() == 3);
  CHECK(response.session().has_outcome());
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().ok());
}

TEST_CASE("TailSession: refuses other callers and unknown sessions", "[session_recorder]") {
  Served served;
  served.Record(1);
  const auto code = [&](const std::string& token, const std::string& id) {
    v1::TailSessionRequest request;
    request.set_id(id);
    const auto context = Served::As(token);
    const auto reader = served.sessions->TailSession(context.get(), request);
    v1::TailSessionResponse response;
    CHECK_FALSE(reader->Read(&response));
    return reader->Finish().error_code();
  };
  CHECK(code("", TestId(1)) == grpc::UNAUTHENTICATED);
  CHECK(code("admin", TestId(1)) == grpc::PERMISSION_DENIED);
  CHECK(code("auditor-of-anthropic", TestId(1)) == grpc::PERMISSION_DENIED);
  CHECK(code("auditor", TestId(2)) == grpc::NOT_FOUND);
  CHECK(code("auditor", "x") == grpc::INVALID_ARGUMENT);
}

}  // namespace countersign::session_recorder::api
