#include "libs/jose/internal_token.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/jose/testing/test_tokens.h"
#include "libs/testing/fake_clock.h"

namespace countersign::jose {
namespace {

const char kHeader[] = R"({"alg":"ES256","typ":"cs-internal+jwt","kid":"1"})";

domain::Principal Alice() {
  domain::Principal alice;
  alice.issuer = "https://idp";
  alice.subject = "u-1 \"quoted\"";
  alice.identity = "alice";
  alice.kind = domain::IdentityKind::kHuman;
  alice.groups = {"security", "on-call"};
  alice.roles = {{domain::Role::kReviewer, {}}, {domain::Role::kCaller, {"openai", "other"}}};
  alice.owner = "bob";
  alice.expires_at = absl::FromUnixSeconds(1'700'003'600);
  return alice;
}

class CountedKeys final : public InternalKeySource {
 public:
  std::shared_ptr<const JwkSet> Current() override {
    ++reads;
    return keys;
  }
  void RequestRefresh() override { ++refreshes; }

  std::shared_ptr<const JwkSet> keys;
  int reads = 0;
  int refreshes = 0;
};

struct Fixture {
  Fixture() { keys.keys = MakeKeySet("1"); }
  std::shared_ptr<const JwkSet> MakeKeySet(const std::string& kid) {
    return std::make_shared<const JwkSet>(
        *ParseJwkSet(JwkSetJson({JwkJson(signer, "\"kid\":\"" + kid + "\"")})));
  }
  std::string Mint(const domain::Principal& principal, const char* header = kHeader) {
    return SignToken(signer, "ES256", header, InternalClaimsJson(principal, clock.Now()));
  }
  std::string Reason(const std::string& token) {
    return GetReason(verifier.Verify(token).status());
  }

  crypto::TestSigner signer = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  testing::FakeClock clock;
  CountedKeys keys;
  InternalTokenVerifier verifier{keys, clock, 4};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: gives back the whole principal", "[jose]") {
  const auto verified = verifier.Verify(Mint(Alice()));
  REQUIRE(verified.ok());
  const domain::Principal& alice = **verified;
  CHECK(alice.issuer == "https://idp");
  CHECK(alice.subject == Alice().subject);
  CHECK(alice.identity == "alice");
  CHECK(alice.kind == domain::IdentityKind::kHuman);
  CHECK(alice.groups == Alice().groups);
  REQUIRE(alice.roles.size() == 2);
  CHECK(alice.roles[0].role == domain::Role::kReviewer);
  CHECK(alice.roles[1].connections == Alice().roles[1].connections);
  CHECK(alice.owner == "bob");
  CHECK(alice.expires_at == Alice().expires_at);
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: a principal without identity, groups or expiry",
                 "[jose]") {
  domain::Principal nobody;
  nobody.issuer = "https://idp";
  nobody.subject = "u-2";
  const auto verified = verifier.Verify(Mint(nobody));
  REQUIRE(verified.ok());
  CHECK((*verified)->identity.empty());
  CHECK((*verified)->groups.empty());
  CHECK((*verified)->expires_at == absl::InfiniteFuture());
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: a token lives for two minutes", "[jose]") {
  const std::string token = Mint(Alice());
  clock.Advance(absl::Seconds(119));
  CHECK(verifier.Verify(token).ok());
  clock.Advance(absl::Seconds(11));
  CHECK(Reason(token) == reason::kExpired);
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: a token never outlives the credential",
                 "[jose]") {
  domain::Principal alice = Alice();
  alice.expires_at = clock.Now() + absl::Seconds(30);
  const std::string token = Mint(alice);
  clock.Advance(absl::Seconds(40));
  CHECK(Reason(token) == reason::kExpired);
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: verified tokens are remembered, a few of them",
                 "[jose]") {
  const std::string token = Mint(Alice());
  for (int i = 0; i < 5; ++i) REQUIRE(verifier.Verify(token).ok());
  CHECK(keys.reads == 1);
  for (int i = 0; i < 4; ++i) {
    domain::Principal other = Alice();
    other.subject = std::to_string(i);
    REQUIRE(verifier.Verify(Mint(other)).ok());
  }
  REQUIRE(verifier.Verify(token).ok());
  CHECK(keys.reads == 6);  // it had been evicted
}

TEST_CASE_METHOD(Fixture,
                 "InternalTokenVerifier: an unknown key asks for new keys, once known it "
                 "verifies",
                 "[jose]") {
  keys.keys = MakeKeySet("0");
  const std::string token = Mint(Alice());
  CHECK(Reason(token) == reason::kKeyIdUnknown);
  CHECK(keys.refreshes == 1);
  keys.keys = MakeKeySet("1");
  CHECK(verifier.Verify(token).ok());
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: unavailable while the keys are not known",
                 "[jose]") {
  keys.keys = nullptr;
  CHECK(verifier.Verify(Mint(Alice())).status().code() == absl::StatusCode::kUnavailable);
  CHECK(keys.refreshes == 1);
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: a token of another type or signer is refused",
                 "[jose]") {
  CHECK(Reason(Mint(Alice(), R"({"alg":"ES256","typ":"JWT","kid":"1"})")) == reason::kType);
  CHECK(Reason(Mint(Alice(), R"({"alg":"ES256","kid":"1"})")) == reason::kType);
  const crypto::TestSigner other = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  CHECK(Reason(SignToken(other, "ES256", kHeader, InternalClaimsJson(Alice(), clock.Now()))) ==
        reason::kSignature);
  CHECK(Reason("") == reason::kNotCompact);
}

TEST_CASE_METHOD(Fixture, "InternalTokenVerifier: claims that are not whole are refused",
                 "[jose]") {
  const std::string good = InternalClaimsJson(Alice(), clock.Now());
  const std::tuple<const char*, const char*, absl::string_view> cases[] = {
      {"countersign-internal", "someone-else", reason::kAudience},
      {"countersign-authn", "someone-else", reason::kIssuer},
      {"\"principal\":", "\"other\":", reason::kBadClaim},
      {"\"reviewer\"", "\"superuser\"", reason::kBadClaim},
      {"\"groups\":[", "\"groups\":[1,", reason::kBadClaim},
      {"\"connections\":[]", "\"connections\":null", reason::kBadClaim},
      {"\"issuer\":\"https://idp\"", "\"issuer\":\"\"", reason::kBadClaim},
      {"\"exp\":1700000120", "\"exp\":1700009999", reason::kLifetime},
      {"\"iat\":1700000000,", "", reason::kLifetime},
      {"\"expiresAtMs\":", "\"expiresAtMs\":0.5,\"x\":", reason::kBadClaim},
  };
  for (const auto& [from, to, expected] : cases) {
    CAPTURE(from, to);
    const std::string changed = absl::StrReplaceAll(good, {{from, to}});
    REQUIRE(changed != good);
    CHECK(Reason(SignToken(signer, "ES256", kHeader, changed)) == expected);
  }
}

}  // namespace countersign::jose
