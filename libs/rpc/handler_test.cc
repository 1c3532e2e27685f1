#include "libs/rpc/handler.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <thread>

#include "absl/synchronization/notification.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/active_calls.h"
#include "libs/rpc/caller.h"
#include "libs/rpc/server_metrics.h"
#include "libs/rpc/status.h"
#include "libs/testing/fake_clock.h"

namespace countersign::rpc {
namespace {

namespace v1 = countersign::authn::v1;
using Method =
    std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext*, v1::WhoAmIResponse*)>;

class Service final : public v1::IdentityService::CallbackService {
 public:
  Method method;
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context, const v1::WhoAmIRequest*,
                                   v1::WhoAmIResponse* response) override {
    return method(context, response);
  }
};

// An in-process server with one given method, and a way to call it.
class Fixture {
 public:
  explicit Fixture(Method method) {
    service_.method = std::move(method);
    grpc::ServerBuilder builder;
    ServerInterceptors interceptors = MeasureCalls(registry, clock);
    interceptors.push_back(active.Count());
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::IdentityService::NewStub(server_->InProcessChannel({}));
  }
  ~Fixture() { server_->Shutdown(); }

  absl::Status Call(grpc::ClientContext& context) {
    return FromGrpc(stub_->WhoAmI(&context, {}, &response));
  }
  absl::Status Call() {
    grpc::ClientContext context;
    return Call(context);
  }

  metrics::Registry registry;
  testing::FakeClock clock;
  ActiveCalls active;
  v1::WhoAmIResponse response;

 private:
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::IdentityService::Stub> stub_;
};

TEST_CASE("FinishInline: the body's response is the answer", "[rpc][handler]") {
  Fixture fixture([](auto* context, auto* response) {
    return FinishInline(context, [&]() -> absl::Status {
      response->set_identity("ann");
      return absl::OkStatus();
    });
  });
  CHECK(fixture.Call().ok());
  CHECK(fixture.response.identity() == "ann");
}

TEST_CASE("FinishInline: an error keeps its code, message and reason", "[rpc][handler]") {
  Fixture fixture([](auto* context, auto*) {
    return FinishInline(context, []() -> absl::Status {
      return WithReason(absl::NotFoundError("no such key"), "key_unknown");
    });
  });
  const absl::Status status = fixture.Call();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(status.message() == "no such key");
  CHECK(GetReason(status) == "key_unknown");
}

TEST_CASE("FinishOn: the body runs on the pool", "[rpc][handler]") {
  ThreadPool pool(1, 8);
  std::promise<std::thread::id> pool_thread;
  REQUIRE(pool.TrySubmit([&] { pool_thread.set_value(std::this_thread::get_id()); }));
  const std::thread::id expected = pool_thread.get_future().get();
  std::thread::id ran;
  Fixture fixture([&](auto* context, auto*) {
    return FinishOn(pool, context, [&]() -> absl::Status {
      ran = std::this_thread::get_id();
      return absl::OkStatus();
    });
  });
  CHECK(fixture.Call().ok());
  CHECK(ran == expected);
}

TEST_CASE("FinishOn: a full pool answers RESOURCE_EXHAUSTED at once", "[rpc][handler]") {
  absl::Notification release;
  absl::Notification busy;
  ThreadPool pool(1, 1);
  REQUIRE(pool.TrySubmit([&] {
    busy.Notify();
    release.WaitForNotification();
  }));
  busy.WaitForNotification();
  REQUIRE(pool.TrySubmit([] {}));  // The queue is full now.
  Fixture fixture([&](auto* context, auto*) {
    return FinishOn(pool, context, []() -> absl::Status { return absl::OkStatus(); });
  });
  const absl::Status status = fixture.Call();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetReason(status) == "overloaded");
  release.Notify();
}

TEST_CASE("FinishOn: a call cancelled while queued is not run", "[rpc][handler]") {
  absl::Notification release;
  absl::Notification queued;
  bool ran = false;
  ThreadPool pool(1, 8);
  REQUIRE(pool.TrySubmit([&] { release.WaitForNotification(); }));
  Fixture fixture([&](grpc::CallbackServerContext* context, auto*) {
    auto* reactor = FinishOn(pool, context, [&]() -> absl::Status {
      ran = true;
      return absl::OkStatus();
    });
    // The pool continues only after the server has seen the cancellation.
    std::thread([context, &release] {
      while (!context->IsCancelled()) std::this_thread::yield();
      release.Notify();
    }).detach();
    queued.Notify();
    return reactor;
  });
  grpc::ClientContext context;
  std::thread canceller([&] {
    queued.WaitForNotification();
    context.TryCancel();
  });
  CHECK(fixture.Call(context).code() == absl::StatusCode::kCancelled);
  canceller.join();
  std::promise<void> drained;
  REQUIRE(pool.TrySubmit([&] { drained.set_value(); }));
  drained.get_future().wait();
  CHECK_FALSE(ran);
}

TEST_CASE("FinishLater: an answer from another thread is the answer", "[rpc][handler]") {
  std::thread other;
  Fixture fixture([&](auto* context, auto*) {
    return FinishLater(context, [&](Finisher finish) {
      other = std::thread([finish = std::move(finish)]() mutable {
        finish(WithReason(absl::AbortedError("stop"), "killed"));
        finish(absl::OkStatus());  // Ignored: a call is answered once.
      });
    });
  });
  CHECK(GetReason(fixture.Call()) == "killed");
  other.join();
}

TEST_CASE("FinishLater: a destroyed Finisher answers INTERNAL", "[rpc][handler]") {
  Fixture fixture([](auto* context, auto*) { return FinishLater(context, [](Finisher) {}); });
  CHECK(fixture.Call().code() == absl::StatusCode::kInternal);
}

TEST_CASE("GetDeadline: the caller's deadline, or none", "[rpc][handler]") {
  absl::Time seen;
  Fixture fixture([&](auto* context, auto*) {
    seen = GetDeadline(*context);
    return FinishInline(context, [] { return absl::OkStatus(); });
  });
  CHECK(fixture.Call().ok());
  CHECK(seen == absl::InfiniteFuture());
  const absl::Time deadline = absl::Now() + absl::Minutes(50);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  CHECK(fixture.Call(context).ok());
  CHECK(absl::AbsDuration(seen - deadline) < absl::Minutes(2));
}

class FakeVerifier final : public CallerVerifier {
 public:
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    if (token != "good") return absl::UnauthenticatedError("forged");
    auto principal = std::make_shared<domain::Principal>();
    principal->identity = "ann";
    return principal;
  }
};

TEST_CASE("VerifyCaller: only one valid token in the metadata names a caller", "[rpc][caller]") {
  FakeVerifier verifier;
  Fixture fixture([&](auto* context, auto* response) {
    return FinishInline(context, [&]() -> absl::Status {
      CS_ASSIGN_OR_RETURN(const auto caller, VerifyCaller(*context, verifier));
      response->set_identity(caller->identity);
      return absl::OkStatus();
    });
  });
  const auto call = [&](std::vector<std::string> tokens) {
    grpc::ClientContext context;
    for (const std::string& token : tokens) context.AddMetadata(kInternalTokenKey, token);
    return fixture.Call(context);
  };
  CHECK(call({"good"}).ok());
  CHECK(fixture.response.identity() == "ann");
  CHECK(GetReason(call({})) == "credential_missing");
  CHECK(call({"bad"}).code() == absl::StatusCode::kUnauthenticated);
  CHECK(call({"good", "good"}).code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("ActiveCalls: a call counts until it has its status", "[rpc]") {
  Fixture* server = nullptr;
  bool counted = false;
  Fixture fixture([&](auto* context, auto*) {
    return FinishLater(context, [&](Finisher finish) {
      counted = !server->active.AwaitNone(absl::ZeroDuration());
      finish(absl::OkStatus());
    });
  });
  server = &fixture;
  CHECK(fixture.active.AwaitNone(absl::ZeroDuration()));
  CHECK(fixture.Call().ok());
  CHECK(counted);
  CHECK(fixture.active.AwaitNone(absl::Minutes(1)));
}

TEST_CASE("MeasureCalls: calls are counted by method and code", "[rpc][metrics]") {
  bool fail = false;
  testing::FakeClock* clock = nullptr;
  Fixture fixture([&](auto* context, auto*) {
    clock->Advance(absl::Milliseconds(40));
    return FinishInline(context, [&]() -> absl::Status {
      return fail ? absl::NotFoundError("x") : absl::OkStatus();
    });
  });
  clock = &fixture.clock;
  CHECK(fixture.Call().ok());
  CHECK(fixture.Call().ok());
  fail = true;
  CHECK_FALSE(fixture.Call().ok());
  const std::string text = fixture.registry.Expose();
  const std::string method =
      R"(grpc_method="WhoAmI",grpc_service="countersign.authn.v1.IdentityService",grpc_type="unary")";
  CHECK_THAT(text, Catch::Contains("grpc_server_handled_total{grpc_code=\"OK\"," + method + "} 2"));
  CHECK_THAT(text,
             Catch::Contains("grpc_server_handled_total{grpc_code=\"NotFound\"," + method + "} 1"));
  CHECK_THAT(text, Catch::Contains("grpc_server_handling_seconds_count{" + method + "} 3"));
  CHECK_THAT(text,
             Catch::Contains("grpc_server_handling_seconds_bucket{" + method + ",le=\"0.05\"} 3"));
  CHECK_THAT(text,
             Catch::Contains("grpc_server_handling_seconds_bucket{" + method + ",le=\"0.025\"} 0"));
}

}  // namespace
}  // namespace countersign::rpc
