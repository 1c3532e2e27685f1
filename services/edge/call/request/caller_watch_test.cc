#include "services/edge/call/request/caller_watch.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::request {
namespace {

using testing::CallFixture;

// A running, watched call of "alice" on the connection "openai".
struct Fixture : CallFixture {
  explicit Fixture(bool watched = true) {
    auto verified = call.Run(VerifiedCaller::Verify(call.context));
    REQUIRE(verified.has_value());
    REQUIRE(verified->ok());
    caller.emplace(**std::move(verified));
    if (watched) Watch();
  }
  void Watch() { watch.emplace(call.context, *caller, HasCallerRole("openai")); }
  const absl::Status& cause() { return call.caller.cancellation().cause(); }
  std::size_t asked() const { return authenticator.authenticate.calls(); }

  testing::OneCall& call = NewCall();
  std::optional<VerifiedCaller> caller;
  std::optional<CallerWatch> watch;
};

}  // namespace

TEST_CASE("CallerWatch: a call of an authorized caller continues", "[edge]") {
  Fixture f;
  f.credentials.Flush();
  f.Run();
  CHECK(f.cause().ok());
  CHECK(f.asked() == 2);
  f.Advance(absl::Minutes(10));
  CHECK(f.asked() == 2);
}

TEST_CASE("CallerWatch: a revocation ends the call at once", "[edge]") {
  Fixture f;
  SECTION("the credential") {
    f.authenticator.Forget("key-1");
    f.credentials.Flush();
    f.Run();
    CHECK(absl::IsUnauthenticated(f.cause()));
  }
  SECTION("the role on the connection") {
    domain::Principal alice = CallFixture::Principal("alice");
    alice.roles = {{domain::Role::kCaller, {"another"}}, {domain::Role::kAuditor, {}}};
    f.authenticator.Know("key-1", alice);
    f.credentials.Flush();
    f.Run();
    CHECK(absl::IsPermissionDenied(f.cause()));
  }
}

TEST_CASE("CallerWatch: a revocation between verification and watch is not missed", "[edge]") {
  Fixture f(/*watched=*/false);
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  f.Watch();
  f.Run();
  CHECK(absl::IsUnauthenticated(f.cause()));
}

TEST_CASE("CallerWatch: while authn fails, the call continues and the request is repeated",
          "[edge]") {
  Fixture f;
  f.authenticator.authenticate.AlwaysFail(absl::UnavailableError("authn is away"));
  for (int i = 0; i < 3; ++i) {
    f.authenticator.authenticate.FailNext(absl::UnavailableError("authn is away"));
  }
  f.credentials.Flush();
  f.Run();
  for (int i = 0; i < 2; ++i) f.Advance(f.options.ask_caller_every);
  CHECK(f.asked() == 4);
  CHECK(f.cause().ok());
  f.authenticator.Forget("key-1");
  f.authenticator.authenticate.AlwaysFail(absl::UnauthenticatedError("revoked"));
  f.Advance(f.options.ask_caller_every);
  CHECK(absl::IsUnauthenticated(f.cause()));
}

TEST_CASE("CallerWatch: without the stream of revocations the request is repeated", "[edge]") {
  Fixture f;
  f.credentials.SetLive(false);
  f.Run();
  for (int i = 0; i < 3; ++i) f.Advance(f.options.ask_caller_every);
  CHECK(f.asked() == 5);
  f.credentials.SetLive(true);
  f.Advance(f.options.ask_caller_every);
  const std::size_t asked = f.asked();
  f.Advance(absl::Minutes(10));
  CHECK(f.asked() == asked);
  CHECK(f.cause().ok());
}

TEST_CASE("CallerWatch: a flush during the request causes another one", "[edge]") {
  Fixture f;
  f.authenticator.authenticate.Hold();
  f.credentials.Flush();
  f.Run();
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  f.Run();
  CHECK(f.asked() == 2);
  f.authenticator.authenticate.Release();  // the first answer, from before the revocation
  f.Run();
  CHECK(absl::IsUnauthenticated(f.cause()));
}

TEST_CASE("CallerWatch: a finished call makes no requests", "[edge]") {
  Fixture f;
  f.watch.reset();
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  f.Run();
  CHECK(f.asked() == 1);
  CHECK(f.cause().ok());
}

}  // namespace countersign::edge::call::request
