#include "services/edge/call/request/verified_caller.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::request {
namespace {

using testing::CallFixture;
using testing::OneCall;

Step<VerifiedCaller> Verify(OneCall& call) {
  auto verified = call.Run(VerifiedCaller::Verify(call.context));
  REQUIRE(verified.has_value());
  return *std::move(verified);
}

TEST_CASE("VerifiedCaller: a known caller, with an internal token", "[edge]") {
  CallFixture f;
  OneCall& call = f.NewCall();
  const Step<VerifiedCaller> caller = Verify(call);
  REQUIRE(caller.ok());
  CHECK(call.caller.verified());
  CHECK(caller->principal().identity == "alice");
  CHECK(caller->call().request_id == "req_1");
  CHECK(caller->call().internal_token->Reveal() == "internal-token-of-key-1");
}

TEST_CASE("VerifiedCaller: a credential is verified once, until it leaves the cache", "[edge]") {
  CallFixture f;
  for (int i = 0; i < 3; ++i) CHECK(Verify(f.NewCall()).ok());
  CHECK(f.authenticator.authenticate.calls() == 1);
  f.credentials.Flush();
  CHECK(Verify(f.NewCall()).ok());
  CHECK(f.authenticator.authenticate.calls() == 2);
  f.Advance(absl::Seconds(61));
  CHECK(Verify(f.NewCall()).ok());
  CHECK(f.authenticator.authenticate.calls() == 3);
}

TEST_CASE("VerifiedCaller: a cached credential that has expired is refused", "[edge]") {
  CallFixture f;
  domain::Principal principal = CallFixture::Principal("alice");
  principal.expires_at = f.clock.Now() + absl::Seconds(30);
  f.authenticator.Know("key-1", principal);
  CHECK(Verify(f.NewCall()).ok());
  f.Advance(absl::Seconds(30));
  const Step<VerifiedCaller> caller = Verify(f.NewCall());
  REQUIRE_FALSE(caller.ok());
  CHECK(caller.refusal().error.http_status == 401);
  CHECK(f.authenticator.authenticate.calls() == 1);
}

TEST_CASE("VerifiedCaller: an answer requested before a flush is not cached", "[edge]") {
  CallFixture f;
  f.authenticator.authenticate.Hold();
  OneCall& call = f.NewCall();
  CHECK_FALSE(call.Run(VerifiedCaller::Verify(call.context)).has_value());
  f.credentials.Flush();  // a revocation
  f.authenticator.authenticate.Release();
  f.Run();
  CHECK(f.credentials.size() == 0);
}

TEST_CASE("VerifiedCaller: no, two or a malformed credential are refused without asking authn",
          "[edge]") {
  const std::vector<dialects::HeaderList> cases = {
      {},
      {{"authorization", "Basic x"}},
      {{"authorization", "Bearer "}},
      {{"authorization", "Bearer a"}, {"Authorization", "Bearer b"}},
      {{"x-api-key", "a"}, {"x-api-key", "b"}}};
  for (const dialects::HeaderList& headers : cases) {
    CallFixture f;
    OneCall& call = f.NewCall();
    call.caller.request().headers = headers;
    const Step<VerifiedCaller> caller = Verify(call);
    REQUIRE_FALSE(caller.ok());
    CHECK(caller.refusal().error.code == "unauthenticated");
    CHECK(caller.refusal().cause.ok());  // not a failure: it is not logged
    CHECK(f.authenticator.authenticate.calls() == 0);
    CHECK_FALSE(call.caller.verified());
  }
}

TEST_CASE("VerifiedCaller: unavailable authentication is a 503, and logged", "[edge]") {
  CallFixture f;
  f.authenticator.authenticate.AlwaysFail(absl::UnavailableError("10.0.0.7 refused"));
  f.authenticator.Forget("key-1");
  const Step<VerifiedCaller> caller = Verify(f.NewCall());
  REQUIRE_FALSE(caller.ok());
  CHECK(caller.refusal().error.http_status == 503);
  CHECK_FALSE(absl::StrContains(caller.refusal().error.message, "10.0.0.7"));
  CHECK(absl::StrContains(caller.refusal().cause.message(), "10.0.0.7"));
}

TEST_CASE("VerifyAgain: returns the new principal and the new token", "[edge]") {
  CallFixture f;
  OneCall& call = f.NewCall();
  const Step<VerifiedCaller> caller = Verify(call);
  domain::Principal demoted = CallFixture::Principal("alice");
  demoted.roles.clear();
  f.authenticator.Know("key-1", demoted);
  f.credentials.Flush();
  auto again = call.Run(caller->VerifyAgain(call.context));
  REQUIRE((again && again->ok()));
  CHECK((*again)->principal().roles.empty());
  CHECK_FALSE(caller->principal().roles.empty());
}

TEST_CASE("VerifyAgain: a revoked credential blocks, unavailable authn refuses", "[edge]") {
  CallFixture f;
  OneCall& call = f.NewCall();
  const Step<VerifiedCaller> caller = Verify(call);
  f.authenticator.Forget("key-1");
  f.credentials.Flush();
  auto revoked = call.Run(caller->VerifyAgain(call.context));
  REQUIRE((revoked && !revoked->ok()));
  CHECK(revoked->refusal().outcome == domain::Outcome::kBlocked);
  CHECK(revoked->refusal().error.http_status == 401);
  f.authenticator.authenticate.AlwaysFail(absl::UnavailableError("down"));
  auto down = call.Run(caller->VerifyAgain(call.context));
  REQUIRE((down && !down->ok()));
  CHECK(down->refusal().outcome == domain::Outcome::kAborted);
  CHECK(down->refusal().error.http_status == 503);
}

TEST_CASE("RefuseUnverified: replies and counts, unless the caller has left", "[edge]") {
  const auto refuse = [](const CallContext& context,
                         const Refusal& refusal) -> async::Awaitable<bool> {
    co_await RefuseUnverified(context, refusal);
    co_return true;
  };
  CallFixture f;
  const Refusal refusal = RefuseBlocked("unauthenticated", "no");
  OneCall& call = f.NewCall();
  REQUIRE(call.Run(refuse(call.context, refusal)));
  CHECK(call.caller.status() == 401);
  CHECK(f.Counted(R"(countersign_requests_total{connection="",dialect="",)"
                  R"(outcome="unauthenticated"} 1)"));
  OneCall& gone = f.NewCall();
  gone.caller.Leave();
  REQUIRE(gone.Run(refuse(gone.context, refusal)));
  CHECK_FALSE(gone.caller.begun());
}

}  // namespace
}  // namespace countersign::edge::call::request
