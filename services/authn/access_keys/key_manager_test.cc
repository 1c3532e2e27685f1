#include "services/authn/access_keys/key_manager.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/authn/testing/authn_fixture.h"

namespace countersign::authn::access_keys {
namespace {

using testing::KeyIdentity;
using testing::Resources;

struct Fixture : testing::AuthnFixture {
  Fixture() { Serve(Resources().Add(KeyIdentity("ci"))); }

  absl::StatusOr<CreatedKey> Create(const std::string& identity, const std::string& adopt = "",
                                    absl::Duration ttl = absl::ZeroDuration()) {
    NewKey request;
    request.identity = identity;
    request.adopt = SecretString(adopt);
    request.ttl = ttl;
    request.created_by = "admin";
    return authn.key_manager.Create(request);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "KeyManager: a created key works and is not stored", "[authn]") {
  const auto created = Create("ci", "", absl::Hours(1));
  REQUIRE(created.ok());
  CHECK(created->record.expires_at == clock.Now() + absl::Hours(1));
  CHECK(created->record.created_by == "admin");
  CHECK(Reason(created->key.Reveal()).empty());
  const auto listed = authn.key_manager.List(10, "");
  REQUIRE(listed.ok());
  REQUIRE(listed->items.size() == 1);
  CHECK(listed->items[0].id == created->record.id);
}

TEST_CASE_METHOD(Fixture, "KeyManager: a key without a time to live does not expire", "[authn]") {
  const auto created = Create("ci");
  REQUIRE(created.ok());
  CHECK(created->record.expires_at == absl::InfiniteFuture());
  clock.Advance(absl::Hours(24 * 365 * 50));
  CHECK(Reason(created->key.Reveal()).empty());
}

TEST_CASE_METHOD(Fixture, "KeyManager: a key needs an Identity, except the administrator's",
                 "[authn]") {
  const auto refused = Create("nobody");
  CHECK(absl::IsNotFound(refused.status()));
  CHECK_THAT(std::string(refused.status().message()), Catch::Contains("nobody"));
  const auto admin = Create("admin");
  REQUIRE(admin.ok());
  CHECK(domain::HasRole(*Authenticate(admin->key.Reveal())->principal, domain::Role::kAdmin, ""));
}

TEST_CASE_METHOD(Fixture,
                 "KeyManager: a key is invalid after its Identity, also if the name is reused",
                 "[authn]") {
  domain::Identity ci = KeyIdentity("ci");
  ci.created_version = 3;
  Serve(Resources().Add(ci));
  const auto created = Create("ci");
  REQUIRE(created.ok());
  CHECK(created->record.identity_version == 3);
  CHECK(Reason(created->key.Reveal()).empty());
  ci.groups = {"changed"};
  Serve(Resources().Add(ci));
  CHECK(Reason(created->key.Reveal()).empty());
  Serve(Resources());
  CHECK(Reason(created->key.Reveal()) == "identity_unknown");
  ci.created_version = 6;
  Serve(Resources().Add(ci));
  CHECK(Reason(created->key.Reveal()) == "identity_replaced");
  CHECK(Reason(Create("ci")->key.Reveal()).empty());
}

TEST_CASE_METHOD(Fixture, "KeyManager: a key is active only while its Identity exists", "[authn]") {
  domain::Identity ci = KeyIdentity("ci");
  ci.created_version = 3;
  Serve(Resources().Add(ci));
  KeyRecord key = Create("ci", "", absl::Hours(1))->record;
  const KeyRecord admin = Create("admin")->record;
  CHECK(authn.key_manager.GetState(key) == KeyState::kActive);
  Serve(Resources());
  CHECK(authn.key_manager.GetState(key) == KeyState::kOrphaned);
  CHECK(authn.key_manager.GetState(admin) == KeyState::kActive);
  ci.created_version = 6;
  Serve(Resources().Add(ci));
  CHECK(authn.key_manager.GetState(key) == KeyState::kOrphaned);
  clock.Advance(absl::Hours(1));
  CHECK(authn.key_manager.GetState(key) == KeyState::kExpired);
  key = *authn.key_manager.Revoke(key.id);
  CHECK(authn.key_manager.GetState(key) == KeyState::kRevoked);
}

TEST_CASE_METHOD(Fixture, "KeyManager: an adopted key works as it is and is not shown again",
                 "[authn]") {
  const std::string existing = "sk-proj-existing-key-1";
  const auto created = Create("ci", existing);
  REQUIRE(created.ok());
  CHECK(created->key.empty());
  CHECK(created->record.id.size() == 12);
  CHECK(Reason(existing).empty());
}

TEST_CASE_METHOD(Fixture, "KeyManager: a value is registered once, and never after revocation",
                 "[authn]") {
  const std::string existing = "sk-proj-existing-key-1";
  const auto created = Create("ci", existing);
  REQUIRE(created.ok());
  CHECK(GetReason(Create("ci", existing).status()) == "key_exists");
  REQUIRE(authn.key_manager.Revoke(created->record.id).ok());
  CHECK(GetReason(Create("ci", existing).status()) == "key_exists");
  CHECK(absl::IsInvalidArgument(Create("ci", "short").status()));
}

TEST_CASE_METHOD(Fixture, "KeyManager: revoking empties the caches before it returns", "[authn]") {
  const auto created = Create("ci");
  int flushed = 0;
  bool revoked_when_flushed = false;
  const auto cache = authn.revocations.SubscribeDirectly([&] {
    ++flushed;
    revoked_when_flushed = Reason(created->key.Reveal()) == "key_revoked";
  });
  const auto revoked = authn.key_manager.Revoke(created->record.id);
  REQUIRE(revoked.ok());
  CHECK(revoked->revoked_at == clock.Now());
  CHECK(flushed == 1);
  CHECK(revoked_when_flushed);
  CHECK(absl::IsNotFound(authn.key_manager.Revoke("unknown").status()));
  CHECK(flushed == 1);
}

TEST_CASE_METHOD(Fixture, "BootstrapAdmin: each call gives another key of the administrator",
                 "[authn]") {
  const auto first = BootstrapAdmin(keys, authn.hasher, clock, random);
  const auto second = BootstrapAdmin(keys, authn.hasher, clock, random);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->key.Reveal() != second->key.Reveal());
  const auto admin = Authenticate(first->key.Reveal());
  REQUIRE(admin.ok());
  CHECK(admin->principal->identity == "admin");
  CHECK(admin->principal->expires_at == absl::InfiniteFuture());
}

}  // namespace countersign::authn::access_keys
