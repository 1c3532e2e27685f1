#include "services/edge/call/admission/upstream_lease.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using testing::CallFixture;
using testing::OneCall;

// A decided call, just before its lease.
struct Fixture : CallFixture {
  explicit Fixture(const std::string& profile = "none", const std::string& credential = "") {
    connection().credential = credential;
    decider.AllowAll(profile);
    authenticator.lease.Always([] {
      domain::CredentialLease lease;
      lease.headers.push_back({"authorization", SecretString("Bearer upstream-key")});
      return lease;
    });
    call.Run(Decide());
    REQUIRE(decided);
  }

  async::Awaitable<bool> Decide() {
    caller.emplace(*co_await request::VerifiedCaller::Verify(call.context));
    request::Route route{resources, &connection(), "/v1/chat/completions"};
    read.emplace(*co_await request::ReadRequest::Read(
        call.context, std::move(route), *dialects::FindDialect(domain::Protocol::kOpenAi)));
    PendingDecision asked(call.context, *caller, *read);
    Session session(call.context, *caller, domain::SessionStart());
    decided.emplace(*co_await asked.Get(session));
    co_return true;
  }
  UpstreamLease Lease(std::vector<domain::Placeholder> placeholders = {}) {
    return UpstreamLease(call.context, *caller, *read, *decided, std::move(placeholders));
  }
  std::optional<std::optional<Refusal>> Await(UpstreamLease& lease) {
    return call.Run(lease.Await(call.caller.cancellation()));
  }

  OneCall& call = NewCall();
  std::optional<request::VerifiedCaller> caller;
  std::optional<request::ReadRequest> read;
  std::optional<DecidedCall> decided;
};

TEST_CASE("UpstreamLease: without credential and masking nothing is requested", "[edge]") {
  Fixture f;
  UpstreamLease lease = f.Lease();
  const auto refusal = f.Await(lease);
  REQUIRE(refusal.has_value());
  CHECK_FALSE(refusal->has_value());
  CHECK(f.authenticator.lease.calls() == 0);
  CHECK(f.masker.open.calls() == 0);
  CHECK(lease.credential().headers.empty());
  CHECK(lease.masking() == nullptr);
}

TEST_CASE("UpstreamLease: credential and masking are requested at once, before it is awaited",
          "[edge]") {
  Fixture f("tier1", "openai-key");
  f.authenticator.lease.Hold();
  f.masker.open.Hold();
  UpstreamLease lease = f.Lease({{"<S>", "SECRET"}});
  CHECK(f.authenticator.lease.calls() == 1);
  CHECK(f.masker.open.calls() == 1);
  CHECK(f.authenticator.leased_versions() == std::vector<std::uint64_t>{7});
  CHECK(f.masker.opened_profiles() == std::vector<std::string>{"tier1"});
  REQUIRE(f.masker.last_known().size() == 1);
  CHECK(f.masker.last_known()[0].original == "SECRET");
  CHECK_FALSE(f.Await(lease).has_value());
  f.authenticator.lease.Release();
  f.masker.open.Release();
  f.Run();
  REQUIRE(lease.masking() != nullptr);
  CHECK(lease.credential().headers[0].value.Reveal() == "Bearer upstream-key");
}

TEST_CASE("UpstreamLease: may be awaited again when complete", "[edge]") {
  Fixture f("tier1", "openai-key");
  UpstreamLease lease = f.Lease();
  CHECK_FALSE(f.Await(lease)->has_value());
  CHECK_FALSE(f.Await(lease)->has_value());
  CHECK(f.authenticator.lease.calls() == 1);
}

TEST_CASE("UpstreamLease: every error of the vault is a 503", "[edge]") {
  for (const absl::Status& failure :
       {absl::UnavailableError("down"), absl::UnauthenticatedError("token expired"),
        absl::NotFoundError("no connection"), absl::DeadlineExceededError("slow"),
        WithReason(absl::FailedPreconditionError("moved"), "connection_changed")}) {
    Fixture f("none", "openai-key");
    f.authenticator.lease.AlwaysFail(failure);
    UpstreamLease lease = f.Lease();
    const auto refusal = f.Await(lease);
    CAPTURE(failure.ToString());
    REQUIRE((refusal && *refusal));
    CHECK((*refusal)->error.http_status == 503);
    CHECK((*refusal)->outcome == domain::Outcome::kAborted);
  }
}

TEST_CASE("UpstreamLease: masking that cannot be opened is a 503", "[edge]") {
  for (const absl::Status& failure :
       {absl::UnavailableError("down"), absl::NotFoundError("no such profile")}) {
    Fixture f("tier1");
    f.masker.open.AlwaysFail(failure);
    UpstreamLease lease = f.Lease();
    const auto refusal = f.Await(lease);
    REQUIRE((refusal && *refusal));
    CHECK((*refusal)->error.http_status == 503);
    CHECK(lease.masking() == nullptr);
  }
}

TEST_CASE("UpstreamLease: destruction drops outstanding answers", "[edge]") {
  Fixture f("tier1", "openai-key");
  f.authenticator.lease.Hold();
  f.masker.open.Hold();
  { const UpstreamLease lease = f.Lease(); }
  f.authenticator.lease.Release();
  f.masker.open.Release();
  CHECK_NOTHROW(f.Run());
}

}  // namespace
}  // namespace countersign::edge::call::admission
