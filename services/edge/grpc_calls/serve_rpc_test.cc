#include "services/edge/grpc_calls/serve_rpc.h"

#include <catch2/catch.hpp>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/async/spawn.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "libs/grpc_wire/gzip.h"
#include "libs/grpc_wire/web_text.h"
#include "services/edge/grpc_calls/testing/fake_rpc_backend.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::grpc_calls {
namespace {

using grpc_wire::EncodeFrame;
using testing::FakeRpcBackend;
using CallFixture = edge::testing::CallFixture;
using FakeCallerConnection = edge::testing::FakeCallerConnection;

constexpr char kUnary[] = "/countersign.x.v1.Service/Unary";
constexpr char kStream[] = "/countersign.x.v1.Service/Stream";
constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";
constexpr char kReflection[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

// A dispatcher over the fixture's services and a backend with one method of each kind.
struct Fixture : CallFixture {
  Fixture() { dispatcher.SetRpcBackend(backend); }

  FakeCallerConnection& NewCaller(const std::string& path, std::string body,
                                  const std::string& type = "application/grpc") {
    auto caller = std::make_shared<FakeCallerConnection>(executor);
    calls.push_back(caller);
    caller->request().path = path;
    caller->request().http_version = 2;
    caller->request().headers.emplace_back("content-type", type);
    caller->set_body(std::move(body));
    return *caller;
  }
  void Handle(FakeCallerConnection& caller) { executor.Run(RunHandle(caller)); }
  // For work on other threads.
  template <typename Condition>
  void RunUntil(Condition condition) {
    while (!condition()) {
      executor.RunReady();
      std::this_thread::yield();
    }
  }
  // Runs the call until it waits or ends.
  FakeCallerConnection& Ask(const std::string& path, std::string body,
                            const std::string& type = "application/grpc") {
    FakeCallerConnection& caller = NewCaller(path, std::move(body), type);
    Handle(caller);
    return caller;
  }

  FakeRpcBackend backend;
  RequestDispatcher dispatcher{services, RpcOptions()};

 private:
  async::Awaitable<bool> RunHandle(FakeCallerConnection& caller) {
    co_await dispatcher.Handle(caller, upstream);
    co_return true;
  }
};

std::string Status(const FakeCallerConnection& caller) { return caller.trailer("grpc-status"); }

TEST_CASE("ServeRpc: a unary call is forwarded, and its answer ends with the status", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, "question"));
  REQUIRE(f.backend.started() == 1);
  const RpcRequest& request = f.backend.request(0);
  CHECK(request.call.principal->identity == "alice");
  CHECK(request.path == kUnary);
  CHECK(request.form == MessageForm::kProto);
  CHECK(request.message == "question");
  CHECK(request.deadline == f.clock.Now() + absl::Seconds(60));
  f.backend.Give(0, "answer");
  f.backend.End(0, absl::OkStatus());
  f.Run();
  CHECK(caller.status() == 200);
  CHECK(caller.header("content-type") == "application/grpc");
  CHECK(absl::StartsWith(caller.header("x-request-id"), "req_"));
  CHECK(caller.body() == EncodeFrame(0, "answer"));
  CHECK(Status(caller) == "0");
  CHECK(caller.finished());
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("ServeRpc: an owner's error is the status, with its reason", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, ""));
  f.backend.End(0, WithReason(absl::AlreadyExistsError("there is a key \xc3\xa9"), "key_exists"));
  f.Run();
  CHECK(Status(caller) == "6");
  CHECK(caller.trailer("grpc-message") == "there is a key %C3%A9");
  const std::string details =
      grpc_wire::DecodeBinary(caller.trailer("grpc-status-details-bin")).value();
  CHECK_THAT(details, Catch::Contains("key_exists") && Catch::Contains("google.rpc.ErrorInfo"));
  CHECK(caller.body().empty());
}

TEST_CASE("ServeRpc: the fields that an owner refuses are in the details", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, ""));
  f.backend.End(0, InvalidField("ttl_seconds", "is over ten years"));
  f.Run();
  const std::string details =
      grpc_wire::DecodeBinary(caller.trailer("grpc-status-details-bin")).value();
  CHECK_THAT(details, Catch::Contains("google.rpc.BadRequest") && Catch::Contains("ttl_seconds") &&
                          Catch::Contains("is over ten years"));
}

TEST_CASE("ServeRpc: long messages are shortened to what clients accept", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, ""));
  std::string message;
  for (int i = 0; i < 3000; ++i) message += "\xc3\xa9";
  const std::vector<FieldViolation> violations(1000, {"settings.model", "is missing"});
  f.backend.End(0, WithReason(WithViolations(absl::InvalidArgumentError(message), violations),
                              "invalid_request"));
  f.Run();
  const std::string shown = grpc_wire::PercentDecode(caller.trailer("grpc-message"));
  CHECK(absl::EndsWith(shown, "\xc3\xa9..."));
  CHECK(caller.trailer("grpc-message").size() + caller.trailer("grpc-status-details-bin").size() <
        7800);
}

TEST_CASE("ServeRpc: a caller without a valid credential reaches no owner", "[grpc]") {
  Fixture f;
  f.authenticator.Forget("key-1");
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, ""));
  CHECK(Status(caller) == "16");
  CHECK(f.backend.started() == 0);
  f.authenticator.authenticate.FailNext(absl::UnavailableError("down"));
  CHECK(Status(f.Ask(kUnary, EncodeFrame(0, ""))) == "14");
}

TEST_CASE("ServeRpc: what may not be called is refused before its message is read", "[grpc]") {
  Fixture f;
  FakeCallerConnection& unknown = f.NewCaller("/countersign.x.v1.Service/None", "");
  unknown.keeps_sending = true;
  f.Handle(unknown);
  CHECK(Status(unknown) == "12");
  f.backend.refuse = absl::PermissionDeniedError("no role");
  CHECK(Status(f.Ask(kUnary, EncodeFrame(0, ""))) == "7");
  CHECK(f.backend.started() == 0);
}

TEST_CASE("ServeRpc: requests that are not exactly one message", "[grpc]") {
  Fixture f;
  struct Case {
    std::string body;
    const char* status;
  };
  const Case cases[] = {
      {"", "3"},
      {std::string("\0\0\0\0", 4), "3"},
      {std::string("\0\0\0\0\5abc", 8), "3"},
      {EncodeFrame(0, "") + EncodeFrame(0, ""), "3"},
      {EncodeFrame(2, ""), "3"},
      {EncodeFrame(0x80, ""), "3"},
      {EncodeFrame(1, grpc_wire::Gzip("x")), "13"},            // no grpc-encoding
      {std::string("\0\xff\xff\xff\xff", 5), "8"},             // four gibibytes
      {EncodeFrame(0, std::string((1 << 20) + 1, 'x')), "8"},  // above a mebibyte without a role
  };
  for (const Case& c : cases) {
    INFO(c.body.size());
    CHECK(Status(f.Ask(kUnary, c.body)) == c.status);
  }
  CHECK(f.backend.started() == 0);
}

TEST_CASE("ServeRpc: a large message is read off the network thread", "[grpc]") {
  Fixture f;
  f.Ask(kUnary, EncodeFrame(0, std::string(64 << 10, 'x')));
  REQUIRE(f.backend.started() == 1);
  CHECK(f.backend.thread(0) == std::this_thread::get_id());
  FakeCallerConnection& caller = f.Ask(kUnary, EncodeFrame(0, std::string((64 << 10) + 1, 'x')));
  f.RunUntil([&] { return f.backend.started() == 2; });
  CHECK(f.backend.thread(1) != std::this_thread::get_id());
  f.backend.End(1, absl::OkStatus());
  f.RunUntil([&] { return caller.finished(); });
  CHECK(Status(caller) == "0");
}

TEST_CASE("ServeRpc: a large message that was accepted is read before its call ends", "[grpc]") {
  Fixture f;
  absl::Notification released;
  REQUIRE(f.body_pool.TrySubmit([&] { released.WaitForNotification(); }));
  bool ended = false;
  FakeCallerConnection& caller =
      f.NewCaller(kUnary, EncodeFrame(0, std::string((64 << 10) + 1, 'x')));
  async::Spawn(f.executor, f.dispatcher.Handle(caller, f.upstream),
               [&](std::exception_ptr) { ended = true; });
  f.Run();
  caller.Leave();
  f.Run();
  CHECK_FALSE(ended);
  released.Notify();
  f.RunUntil([&] { return ended; });
  CHECK(f.backend.cancelled(0));
}

TEST_CASE("ServeRpc: a role allows larger messages", "[grpc]") {
  Fixture f;
  domain::Principal admin = CallFixture::Principal("ann");
  admin.roles.push_back({domain::Role::kAdmin, {}});
  f.authenticator.Know("key-1", admin);
  f.Ask(kUnary, EncodeFrame(0, std::string((1 << 20) + 1, 'x')));
  f.RunUntil([&] { return f.backend.started() == 1; });
}

TEST_CASE("ServeRpc: gzip in both directions, within the limit", "[grpc]") {
  Fixture f;
  const auto ask = [&](const std::string& message) -> FakeCallerConnection& {
    FakeCallerConnection& caller = f.NewCaller(kUnary, EncodeFrame(1, grpc_wire::Gzip(message)));
    caller.request().headers.emplace_back("grpc-encoding", "gzip");
    caller.request().headers.emplace_back("grpc-accept-encoding", "identity, gzip");
    f.Handle(caller);
    return caller;
  };
  FakeCallerConnection& caller = ask("");
  f.RunUntil([&] { return f.backend.started() == 1; });
  CHECK(f.backend.request(0).message.empty());
  const std::string large(2000, 'a');
  f.backend.Give(0, "small");
  f.backend.Give(0, large);
  f.backend.End(0, absl::OkStatus());
  f.Run();
  CHECK(caller.header("grpc-encoding") == "gzip");
  CHECK(caller.body() == EncodeFrame(0, "small") + EncodeFrame(1, grpc_wire::Gzip(large)));
  FakeCallerConnection& bomb = ask(std::string(8 << 20, 'x'));
  f.RunUntil([&] { return bomb.finished(); });
  CHECK(Status(bomb) == "8");
  FakeCallerConnection& other = f.NewCaller(kUnary, EncodeFrame(0, ""));
  other.request().headers.emplace_back("grpc-encoding", "snappy");
  f.Handle(other);
  CHECK(Status(other) == "12");
  CHECK(other.header("grpc-accept-encoding") == "identity,gzip");
}

TEST_CASE("ServeRpc: the deadline ends a call and cancels it at the owner", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.NewCaller(kUnary, EncodeFrame(0, ""));
  caller.request().headers.emplace_back("grpc-timeout", "5S");
  f.Handle(caller);
  CHECK(f.backend.request(0).deadline == f.clock.Now() + absl::Seconds(5));
  f.Advance(absl::Seconds(5));
  CHECK(Status(caller) == "4");
  CHECK(f.backend.cancelled(0));
  FakeCallerConnection& configured = f.Ask(kUnary, EncodeFrame(0, ""));
  f.Advance(absl::Seconds(60));
  CHECK(Status(configured) == "4");
}

TEST_CASE("ServeRpc: a deadline that cannot be read is refused, an empty one too", "[grpc]") {
  Fixture f;
  for (const char* timeout : {"soon", ""}) {
    FakeCallerConnection& caller = f.NewCaller(kUnary, EncodeFrame(0, ""));
    caller.request().headers.emplace_back("grpc-timeout", timeout);
    f.Handle(caller);
    CHECK(Status(caller) == "3");
    FakeCallerConnection& connect =
        f.NewCaller(kStream, EncodeFrame(0, "{}"), "application/connect+json");
    connect.request().headers.emplace_back("connect-timeout-ms", timeout);
    f.Handle(connect);
    CHECK_THAT(connect.body(), Catch::Contains("invalid_argument"));
  }
  CHECK(f.backend.started() == 0);
}

TEST_CASE("ServeRpc: a message that comes too slowly is not waited for", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.NewCaller(kUnary, "");
  caller.keeps_sending = true;
  f.Handle(caller);
  CHECK_FALSE(caller.begun());
  f.Advance(absl::Seconds(60));
  CHECK(Status(caller) == "4");
}

TEST_CASE("ServeRpc: a caller that leaves cancels its call", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kStream, EncodeFrame(0, ""));
  CHECK(caller.begun());
  CHECK_FALSE(f.backend.cancelled(0));
  caller.Leave();
  f.Run();
  CHECK(f.backend.cancelled(0));
  CHECK_FALSE(caller.finished());
}

TEST_CASE("ServeRpc: a stream goes on without a deadline, message by message", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kStream, EncodeFrame(0, ""));
  CHECK(f.backend.request(0).deadline == absl::InfiniteFuture());
  f.Advance(absl::Hours(5));
  f.backend.Give(0, "one");
  f.Run();
  CHECK(caller.body() == EncodeFrame(0, "one"));
  f.backend.Give(0, "two");
  f.backend.End(0, absl::NotFoundError("gone"));
  f.Run();
  CHECK(caller.pieces().size() == 2);
  CHECK(Status(caller) == "5");
}

TEST_CASE("ServeRpc: a stream ends when its caller is revoked", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kStream, EncodeFrame(0, ""));
  f.credentials.Flush();
  f.Run();
  CHECK_FALSE(caller.finished());
  f.backend.refuse = absl::PermissionDeniedError("no longer a reviewer");
  f.credentials.Flush();
  f.Run();
  CHECK(Status(caller) == "7");
  CHECK(f.backend.cancelled(0));
}

TEST_CASE("ServeRpc: a stream ends when the gateway stops", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kStream, EncodeFrame(0, ""));
  f.stopping.Stop();
  f.Run();
  CHECK(Status(caller) == "14");
  CHECK_THAT(grpc_wire::DecodeBinary(caller.trailer("grpc-status-details-bin")).value(),
             Catch::Contains("google.rpc.RetryInfo"));
}

TEST_CASE("ServeRpc: gRPC-Web has its trailers in the body", "[grpc]") {
  Fixture f;
  for (const bool text : {false, true}) {
    const std::string type = text ? "application/grpc-web-text" : "application/grpc-web+proto";
    const std::string body = EncodeFrame(0, "q");
    FakeCallerConnection& caller =
        f.NewCaller(kUnary, text ? grpc_wire::EncodeWebText(body) : body, type);
    caller.request().http_version = 1;
    caller.piece_bytes = 3;
    f.Handle(caller);
    const int call = f.backend.started() - 1;
    CHECK(f.backend.request(call).message == "q");
    f.backend.Give(call, "a");
    f.backend.End(call, absl::OkStatus());
    f.Run();
    CHECK(caller.header("content-type") == type);
    const std::string answer = EncodeFrame(0, "a");
    const std::string trailers = EncodeFrame(0x80, "grpc-status: 0\r\n");
    CHECK(caller.body() ==
          (text ? grpc_wire::EncodeWebText(answer) + grpc_wire::EncodeWebText(trailers)
                : answer + trailers));
    CHECK(Status(caller).empty());
  }
}

TEST_CASE("ServeRpc: Connect's streams are JSON and end with a status", "[grpc]") {
  Fixture f;
  const std::string type = "application/connect+json";
  FakeCallerConnection& caller = f.NewCaller(kStream, EncodeFrame(0, "{}"), type);
  caller.request().headers.emplace_back("connect-timeout-ms", "1000");
  f.Handle(caller);
  CHECK(f.backend.request(0).form == MessageForm::kJson);
  f.backend.Give(0, "{\"n\":1}");
  f.Run();
  f.Advance(absl::Seconds(1));
  CHECK(caller.body() == EncodeFrame(0, "{\"n\":1}") +
                             EncodeFrame(2, R"({"error":{"code":"deadline_exceeded",)"
                                            R"("message":"the call's deadline is over"}})"));
  FakeCallerConnection& unary = f.Ask(kUnary, EncodeFrame(0, "{}"), type);
  CHECK_THAT(unary.body(), Catch::Contains("unimplemented"));
  FakeCallerConnection& ended = f.Ask(kStream, EncodeFrame(0, "{}"), type);
  f.backend.End(1, absl::OkStatus());
  f.Run();
  CHECK(ended.body() == EncodeFrame(2, "{}"));
}

TEST_CASE("ServeRpc: what cannot be answered in gRPC gets a plain response", "[grpc]") {
  Fixture f;
  FakeCallerConnection& old = f.NewCaller(kUnary, EncodeFrame(0, ""));
  old.request().http_version = 1;
  f.Handle(old);
  CHECK(old.status() == 505);
  CHECK_THAT(old.body(), Catch::Contains("HTTP/2"));
  CHECK(f.Ask(kUnary, "", "application/grpc+json").status() == 415);
  CHECK(f.Ask(kUnary, "", "application/connect+proto").status() == 415);
  FakeCallerConnection& get = f.NewCaller(kUnary, "");
  get.request().method = "GET";
  f.Handle(get);
  CHECK(get.status() == 405);
  CHECK(get.header("allow") == "POST");
}

TEST_CASE("Health: open, for the gateway and its services", "[grpc]") {
  Fixture f;
  f.authenticator.Forget("key-1");
  const auto check = [&](const std::string& service) -> FakeCallerConnection& {
    return f.Ask(
        kHealthCheck,
        EncodeFrame(0, service.empty()
                           ? ""
                           : "\x0a" + std::string(1, static_cast<char>(service.size())) + service));
  };
  CHECK(check("").body() == EncodeFrame(0, "\x08\x01"));
  CHECK(check("countersign.x.v1.Service").body() == EncodeFrame(0, "\x08\x01"));
  CHECK(Status(check("none")) == "5");
  CHECK(Status(f.Ask(kHealthCheck, EncodeFrame(0, "\x0a\x7f"))) == "3");
  CHECK(Status(f.Ask("/grpc.health.v1.Health/List", EncodeFrame(0, ""))) == "12");
  f.served.Serve(nullptr);
  f.Advance(absl::Seconds(1));
  CHECK(check("").body() == EncodeFrame(0, "\x08\x02"));
  CHECK(f.authenticator.authenticate.calls() == 0);
}

TEST_CASE("Health: a watch tells every change", "[grpc]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask(kHealthWatch, EncodeFrame(0, ""));
  f.Advance(absl::Seconds(10));
  CHECK(caller.body() == EncodeFrame(0, "\x08\x01"));
  f.served.Serve(nullptr);
  f.Advance(absl::Seconds(2));
  CHECK(caller.body() == EncodeFrame(0, "\x08\x01") + EncodeFrame(0, "\x08\x02"));
  caller.Leave();
  f.Run();
}

TEST_CASE("ServeRpc: streams without a credential are limited in number", "[grpc]") {
  Fixture f;
  f.authenticator.Forget("key-1");
  const char* const path = GENERATE(kHealthWatch, kReflection);
  INFO(path);
  const auto open = [&]() -> FakeCallerConnection& {
    FakeCallerConnection& caller = f.NewCaller(path, EncodeFrame(0, ""));
    caller.keeps_sending = absl::string_view(path) == kReflection;
    f.Handle(caller);
    return caller;
  };
  FakeCallerConnection& first = open();
  for (int i = 1; i < 1024; ++i) open();
  FakeCallerConnection& refused = open();
  CHECK(Status(refused) == "8");
  CHECK_THAT(grpc_wire::DecodeBinary(refused.trailer("grpc-status-details-bin")).value(),
             Catch::Contains("overloaded"));
  first.Leave();
  f.Run();
  FakeCallerConnection& next = open();
  CHECK(next.begun());
  CHECK_FALSE(next.finished());
}

TEST_CASE("Reflection: open, one answer for each message", "[grpc]") {
  Fixture f;
  f.authenticator.Forget("key-1");
  FakeCallerConnection& caller = f.Ask(kReflection, EncodeFrame(0, "one") + EncodeFrame(0, "two"));
  CHECK(caller.body() == EncodeFrame(0, "described: one") + EncodeFrame(0, "described: two"));
  CHECK(Status(caller) == "0");
  FakeCallerConnection& open = f.NewCaller(kReflection, EncodeFrame(0, "one"));
  open.keeps_sending = true;
  f.Handle(open);
  CHECK(open.body() == EncodeFrame(0, "described: one"));
  CHECK_FALSE(open.finished());
  f.Advance(absl::Seconds(60));
  CHECK(Status(open) == "4");
}

}  // namespace
}  // namespace countersign::edge::grpc_calls
