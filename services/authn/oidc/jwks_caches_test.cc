#include "services/authn/oidc/jwks_caches.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "services/authn/testing/authn_testing.h"

namespace countersign::authn::oidc {
namespace {

using testing::Provider;
using testing::Resources;

struct Fixture {
  std::shared_ptr<const directory::Directory> Compile(const Resources& resources) {
    auto compiled = directory::Directory::Compile(resources.Set());
    REQUIRE(compiled.ok());
    return *std::move(compiled);
  }
  std::shared_ptr<JwksCache> FindCache(const directory::Directory& directory,
                                       const std::string& issuer = testing::kIssuer) {
    const directory::TokenIssuer* found = directory.FindIssuer(issuer);
    REQUIRE(found != nullptr);
    return caches.GetCache(directory, *found);
  }

  countersign::testing::FakeClock clock;
  testing::FakeFetcher fetcher;
  JwksCaches caches{fetcher, clock};
  const crypto::TestSigner signer = crypto::TestSigner::Ec(crypto::KeyType::kP256);
};

TEST_CASE_METHOD(Fixture, "JwksCaches: an apply keeps the keys of an issuer that stays",
                 "[authn]") {
  const auto before = FindCache(*Compile(Resources().Add(Provider())));
  const auto after = FindCache(
      *Compile(Resources().Add(Provider()).Add(Provider("other", "https://other.example"))));
  CHECK(before == after);
}

TEST_CASE_METHOD(Fixture, "JwksCaches: another issuer or place of keys starts anew", "[authn]") {
  const auto before = FindCache(*Compile(Resources().Add(Provider())));
  domain::IdentityProvider moved = Provider();
  moved.oidc->jwks_uri = "https://idp.example/new-keys";
  const auto after = FindCache(*Compile(Resources().Add(moved)));
  CHECK(before != after);
  CHECK(after->configured_jwks_uri() == "https://idp.example/new-keys");
  const auto renamed = FindCache(*Compile(Resources().Add(Provider("corp", "https://new.example"))),
                                 "https://new.example");
  CHECK(renamed->issuer() == "https://new.example");
}

TEST_CASE_METHOD(Fixture, "JwksCaches: ages are those of providers that were fetched and exist",
                 "[authn]") {
  fetcher.AnswerWithKeys({jose::JwkJson(signer, R"("kid":"k1")")});
  const auto both =
      Compile(Resources().Add(Provider()).Add(Provider("other", "https://other.example")));
  FindCache(*both)->Get("k1", [](const auto&) {});
  FindCache(*both, "https://other.example");
  clock.Advance(absl::Seconds(7));
  REQUIRE(caches.Ages().size() == 1);
  CHECK(caches.Ages()[0].provider == "corp");
  CHECK(caches.Ages()[0].age == absl::Seconds(7));
  // A new issuer makes the cache drop the issuers that the resources no longer name.
  FindCache(*Compile(Resources().Add(Provider("third", "https://third.example"))),
            "https://third.example");
  CHECK(caches.Ages().empty());
}

}  // namespace
}  // namespace countersign::authn::oidc
