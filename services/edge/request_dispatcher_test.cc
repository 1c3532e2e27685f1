#include "services/edge/request_dispatcher.h"

#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "libs/async/spawn.h"
#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge {
namespace {

using testing::CallFixture;
using testing::FakeCallerConnection;
using testing::kPlainAnswer;
using testing::kPlainBody;

// A dispatcher over the fixture's services, called by one caller after the other.
struct Fixture : CallFixture {
  Fixture() { dispatcher.SetAdminBackend(admin); }

  FakeCallerConnection& NewCaller(const std::string& method, const std::string& path) {
    auto caller = std::make_shared<FakeCallerConnection>(executor);
    calls.push_back(caller);
    caller->request().method = method;
    caller->request().path = path;
    caller->set_body(method == "POST" ? kPlainBody : "");
    return *caller;
  }
  // Handles the caller's request until it waits or ends.
  void Handle(FakeCallerConnection& caller, RequestDispatcher& by) {
    executor.Run(RunHandle(caller, by));
  }
  FakeCallerConnection& Ask(const std::string& method, const std::string& path) {
    FakeCallerConnection& caller = NewCaller(method, path);
    Handle(caller, dispatcher);
    return caller;
  }

  std::string Code(const FakeCallerConnection& caller, const char* member = "code") const {
    const auto document = json::Document::Parse(caller.body());
    return document.ok() ? std::string(document->root()[member].text()) : "";
  }

  RequestDispatcher dispatcher{services, grpc_calls::RpcOptions()};

 private:
  async::Awaitable<bool> RunHandle(FakeCallerConnection& caller, RequestDispatcher& by) {
    co_await by.Handle(caller, upstream);
    co_return true;
  }
};

constexpr char kMethod[] = "/countersign.policy.v1.ResourceService/GetResources";

TEST_CASE("RequestDispatcher: alive at once, ready when resources and all else are there",
          "[edge]") {
  Fixture f;
  f.served.Serve(nullptr);
  CHECK(f.Ask("GET", "/livez").status() == 200);
  CHECK(f.Ask("GET", "/livez").body() == "ok\n");
  FakeCallerConnection& waiting = f.Ask("GET", "/readyz");
  CHECK(waiting.status() == 503);
  CHECK(waiting.body() == "waiting for resources\n");
  CHECK(waiting.header("content-type") == "text/plain; charset=utf-8");
  f.served.Serve(f.resources);
  CHECK(f.Ask("GET", "/readyz").status() == 200);
  std::string missing = "no keys from authn yet";
  f.dispatcher.SetReadiness([&missing] { return missing; });
  CHECK(f.Ask("GET", "/readyz").body() == "no keys from authn yet\n");
  missing = "";
  CHECK(f.Ask("GET", "/readyz").status() == 200);
  f.dispatcher.SetDraining();
  CHECK(f.Ask("GET", "/readyz").body() == "shutting down\n");
  CHECK(f.Ask("GET", "/livez").status() == 200);
  CHECK(f.authenticator.authenticate.calls() == 0);
}

TEST_CASE("RequestDispatcher: anybody may read the description of the RPCs", "[edge]") {
  Fixture f;
  f.admin.document = R"({"openapi":"3.1.0"})";
  FakeCallerConnection& caller = f.Ask("GET", "/openapi.json");
  CHECK(caller.status() == 200);
  CHECK(caller.header("content-type") == "application/json");
  CHECK(caller.body() == f.admin.document);
  CHECK(f.authenticator.authenticate.calls() == 0);
  CHECK(f.Ask("POST", "/openapi.json").status() != 200);
}

TEST_CASE("RequestDispatcher: only GET is a probe", "[edge]") {
  Fixture f;
  CHECK(f.Ask("POST", "/livez").status() == 404);
}

TEST_CASE("RequestDispatcher: everything but a probe, an RPC or a review is a call", "[edge]") {
  Fixture f;
  f.upstream.Answer(200, "application/json", {kPlainAnswer});
  FakeCallerConnection& caller = f.Ask("POST", "/v1/chat/completions");
  CHECK(caller.status() == 200);
  CHECK(caller.body() == kPlainAnswer);
  CHECK(absl::StartsWith(caller.header("x-request-id"), "req_"));
  CHECK(caller.header("x-request-id").size() == 36);
}

TEST_CASE(
    "RequestDispatcher: errors before the connection is known have the form of the path's API",
    "[edge]") {
  Fixture f;
  FakeCallerConnection& kserve = f.Ask("GET", "/nowhere/v2/health/live");
  CHECK(kserve.status() == 404);
  CHECK(f.Code(kserve, "error") == "there is no connection \"nowhere\"");
  CHECK(f.Code(kserve) == "unknown_connection");
  FakeCallerConnection& openai = f.Ask("GET", "/nowhere/v1/models");
  CHECK(absl::StrContains(openai.body(), R"({"error":{)"));
}

TEST_CASE("RequestDispatcher: an RPC is forwarded with its verified caller and its deadline",
          "[edge]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask("POST", kMethod);
  CHECK(caller.status() == 200);
  CHECK(caller.body() == "{\"ok\":true}");
  REQUIRE(f.admin.requests().size() == 1);
  const admin::AdminRequest forwarded = f.admin.requests()[0];
  CHECK(forwarded.call.principal->identity == "alice");
  CHECK(forwarded.call.request_id == caller.header("x-request-id"));
  CHECK(forwarded.path == kMethod);
  CHECK(forwarded.body == kPlainBody);
  CHECK(forwarded.deadline == f.clock.Now() + absl::Seconds(60));
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("RequestDispatcher: refusals of RPCs have the form of the Connect protocol", "[edge]") {
  Fixture f;
  FakeCallerConnection& wrong_method = f.Ask("GET", kMethod);
  CHECK(wrong_method.status() == 404);
  CHECK(f.Code(wrong_method) == "unimplemented");
  f.admin.reply.FailNext(absl::UnavailableError("down"));
  FakeCallerConnection& down = f.Ask("POST", kMethod);
  CHECK(down.status() == 503);
  CHECK(f.Code(down) == "unavailable");
  f.admin.reply.Next([] { return admin::AdminReply{403, R"({"code":"permission_denied"})"}; });
  FakeCallerConnection& refused = f.Ask("POST", kMethod);
  CHECK(refused.status() == 403);
  CHECK(f.Code(refused) == "permission_denied");
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  FakeCallerConnection& stranger = f.Ask("POST", kMethod);
  CHECK(stranger.status() == 401);
  CHECK(f.Code(stranger) == "unauthenticated");
  CHECK(stranger.header("www-authenticate") == "Bearer");
  CHECK(f.admin.requests().size() == 2);
}

TEST_CASE("RequestDispatcher: a body of an RPC that cannot be read is not forwarded", "[edge]") {
  const std::pair<absl::Status, int> cases[] = {{absl::ResourceExhaustedError("too large"), 413},
                                                {absl::InvalidArgumentError("bad framing"), 400},
                                                {absl::DeadlineExceededError("slow"), 400}};
  for (const auto& [failure, status] : cases) {
    Fixture f;
    FakeCallerConnection& caller = f.NewCaller("POST", kMethod);
    caller.read.AlwaysFail(failure);
    f.Handle(caller, f.dispatcher);
    CHECK(caller.status() == status);
    CHECK(f.admin.requests().empty());
  }
}

TEST_CASE("RequestDispatcher: without a backend there are no RPCs", "[edge]") {
  Fixture f;
  RequestDispatcher bare(f.services, grpc_calls::RpcOptions());
  FakeCallerConnection& caller = f.NewCaller("POST", kMethod);
  f.Handle(caller, bare);
  CHECK(caller.status() == 404);
}

TEST_CASE("RequestDispatcher: the answer to an RPC whose caller has left is dropped", "[edge]") {
  Fixture f;
  f.admin.reply.Hold();
  FakeCallerConnection& caller = f.Ask("POST", kMethod);
  caller.Leave();
  f.Run();
  f.admin.reply.Release();
  f.Run();
  CHECK_FALSE(caller.begun());
}

TEST_CASE("RequestDispatcher: a review's status is shown only to its requester", "[edge]") {
  Fixture f;
  f.reviews.get_status.Next([] {
    domain::ReviewStatus status = clients::FakeReviewGate::Status(domain::ReviewState::kApproved);
    status.expires_at = absl::FromUnixSeconds(1'700'000'060);
    return status;
  });
  FakeCallerConnection& caller = f.Ask("GET", "/countersign/reviews/review-1");
  CHECK(caller.status() == 200);
  CHECK(f.Code(caller, "review_id") == "review-1");
  CHECK(f.Code(caller, "state") == "APPROVED");
  CHECK(f.Code(caller, "expires_at") == "2023-11-14T22:14:20.000Z");
  for (const absl::Status& unknown :
       {absl::NotFoundError("not yours"), absl::InvalidArgumentError("no id")}) {
    f.reviews.get_status.FailNext(unknown);
    CHECK(f.Ask("GET", "/countersign/reviews/other").status() == 404);
  }
  f.reviews.get_status.FailNext(absl::UnavailableError("down"));
  CHECK(f.Ask("GET", "/countersign/reviews/review-1").status() == 503);
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  CHECK(f.Ask("GET", "/countersign/reviews/review-1").status() == 401);
  CHECK(f.Ask("POST", "/countersign/reviews/review-1").status() == 401);
}

TEST_CASE("RequestDispatcher: a status whose caller has left is not sent", "[edge]") {
  Fixture f;
  f.reviews.get_status.Hold();
  FakeCallerConnection& caller = f.Ask("GET", "/countersign/reviews/review-1");
  caller.Leave();
  f.Run();
  f.reviews.get_status.Release();
  f.Run();
  CHECK_FALSE(caller.begun());
}

TEST_CASE("RequestDispatcher: unreadable requests are counted and answered", "[edge]") {
  Fixture f;
  const std::pair<int, const char*> cases[] = {{400, "invalid_request"},
                                               {431, "headers_too_large"},
                                               {408, "unavailable"},
                                               {500, "unavailable"}};
  for (const auto& [status, code] : cases) {
    const RequestHandler::WholeReply reply = f.dispatcher.RefuseUnread(status);
    CHECK(reply.head.status == status);
    CHECK(absl::StrContains(reply.body, absl::StrCat("\"code\":\"", code, "\"")));
    REQUIRE(reply.head.headers.size() == 2);
    CHECK(reply.head.headers[0].second == "application/json");
    CHECK(reply.head.headers[1].first == "x-request-id");
  }
  CHECK(f.Counted(R"(countersign_requests_total{connection="",dialect="",)"
                  R"(outcome="unavailable"} 2)"));
}

TEST_CASE("RequestDispatcher: large admin bodies need a role", "[edge]") {
  Fixture f;
  const std::string large(1'048'577, ' ');
  FakeCallerConnection& nobody = f.NewCaller("POST", kMethod);
  nobody.set_body(large);
  f.Handle(nobody, f.dispatcher);
  CHECK(nobody.status() == 413);
  CHECK(f.admin.requests().empty());
  domain::Principal admin = CallFixture::Principal("alice");
  admin.roles = {{domain::Role::kAdmin, {}}};
  f.authenticator.Know("key-1", admin);
  f.credentials.Flush();
  FakeCallerConnection& administrator = f.NewCaller("POST", kMethod);
  administrator.set_body(large);
  f.Handle(administrator, f.dispatcher);
  while (!administrator.finished()) f.Run();
  CHECK(administrator.status() == 200);
  REQUIRE(f.admin.requests().size() == 1);
  CHECK(f.admin.requests()[0].body == large);
}

TEST_CASE("RequestDispatcher: a large admin body that was accepted is read before its call ends",
          "[edge]") {
  Fixture f;
  absl::Notification released;
  REQUIRE(f.body_pool.TrySubmit([&] { released.WaitForNotification(); }));
  bool ended = false;
  FakeCallerConnection& caller = f.NewCaller("POST", kMethod);
  caller.set_body(std::string((64 << 10) + 1, ' '));
  async::Spawn(f.executor, f.dispatcher.Handle(caller, f.upstream),
               [&](std::exception_ptr) { ended = true; });
  f.Run();
  caller.Leave();
  f.Run();
  CHECK_FALSE(ended);
  released.Notify();
  while (!ended) f.Run();
  CHECK(f.admin.requests().size() == 1);
}

}  // namespace
}  // namespace countersign::edge
