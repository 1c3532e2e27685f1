#pragma once

#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <vector>

#include "libs/base/status.h"
#include "services/authn/authn.h"
#include "services/authn/testing/authn_testing.h"
#include "services/authn/testing/key_store_memory.h"
#include "services/authn/testing/secret_store_memory.h"
#include "services/authn/testing/used_assertions_memory.h"

namespace countersign::authn::testing {

// The whole core with fakes around it: one provider `corp`, whose only key is `signer`.
struct AuthnFixture {
  AuthnFixture() { fetcher.AnswerWithKeys({jose::JwkJson(signer, R"("kid":"k1")")}); }

  void Serve(const Resources& resources) {
    REQUIRE(authn.directory.Validate(resources.Set()).ok());
    REQUIRE(authn.directory.Serve(resources.Set()).ok());
  }

  absl::StatusOr<domain::Authenticated> Authenticate(const std::string& credential) {
    std::promise<absl::StatusOr<domain::Authenticated>> answer;
    authn.authenticator.Authenticate(
        SecretString(credential), clock.Now() + absl::Seconds(5),
        [&](absl::StatusOr<domain::Authenticated> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
  }
  std::string Reason(const std::string& credential) {
    const auto answer = Authenticate(credential);
    if (!answer.ok()) CHECK(answer.status().code() == absl::StatusCode::kUnauthenticated);
    return GetReason(answer.status());
  }

  // A token of `corp`, valid for five minutes unless `more_claims` say otherwise.
  std::string Token(const std::string& subject, const std::string& more_claims = "",
                    const std::string& header = R"({"alg":"ES256","kid":"k1"})") {
    const std::string payload = absl::StrCat(
        R"({"iss":")", kIssuer, R"(","aud":"countersign","sub":")", subject, R"(","exp":)",
        absl::ToUnixSeconds(clock.Now()) + 300, more_claims.empty() ? "" : ",", more_claims, "}");
    return jose::SignToken(signer, "ES256", header, payload);
  }

  // An access key of `identity`, created without a check that the Identity exists.
  std::string MakeKey(const std::string& identity, absl::Duration ttl = absl::Hours(1)) {
    const access_keys::FreshKey fresh = access_keys::MakeAccessKey(random);
    access_keys::KeyRecord record;
    record.id = fresh.id;
    record.identity = identity;
    record.created_at = clock.Now();
    record.expires_at = clock.Now() + ttl;
    REQUIRE(keys.Insert(record, authn.hasher.Hash(fresh.key)).ok());
    return fresh.key.Reveal();
  }

  countersign::testing::FakeClock clock;
  SystemRandom random;
  crypto::TestSigner signer = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  MemoryKeyStore keys;
  MemoryUsedAssertions used_assertions;
  FakeFetcher fetcher;
  FakeMinter minter;
  MemorySecretStore secret_store;
  secrets::MasterSecrets secrets = *secrets::LoadOrCreateMasterSecrets(secret_store, random);
  metrics::Registry registry;
  ThreadPool pool{2, 100};
  Authn authn{{keys, used_assertions, pool, fetcher, minter, secrets, clock, random, registry}};
};

}  // namespace countersign::authn::testing
