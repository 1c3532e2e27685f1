#include "services/authn/assertions/metadata_cache.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/authn/saml/testing/saml_signer.h"
#include "services/authn/testing/authn_testing.h"

namespace countersign::authn::assertions {
namespace {

struct Fixture {
  void Serve(const saml::testing::SamlSigner& idp, const std::string& cache_control = "",
             const std::string& entity_id = saml::testing::kEntityId) {
    fetcher.AnswerWith(oidc::UrlDocument{200, cache_control, idp.Metadata(entity_id)});
  }
  absl::StatusOr<MetadataCache::Metadata> Get(const MetadataCache::Metadata& newer_than = nullptr) {
    absl::StatusOr<MetadataCache::Metadata> answer = absl::UnknownError("not answered");
    cache->Get(newer_than,
               [&](absl::StatusOr<MetadataCache::Metadata> got) { answer = std::move(got); });
    return answer;
  }

  countersign::testing::FakeClock clock;
  testing::FakeFetcher fetcher;
  const saml::testing::SamlSigner idp;
  const saml::testing::SamlSigner next;
  std::shared_ptr<MetadataCache> cache =
      MetadataCache::Make("https://idp.example/md", "", fetcher, clock);
};

}  // namespace

TEST_CASE_METHOD(Fixture, "MetadataCache: fetches once and serves it", "[authn]") {
  Serve(idp);
  for (int i = 0; i < 3; ++i) CHECK((*Get())->entity_id == saml::testing::kEntityId);
  CHECK(fetcher.requests.size() == 1);
  CHECK(fetcher.requests[0].url == "https://idp.example/md");
  CHECK(fetcher.requests[0].host_is_configured);
}

TEST_CASE_METHOD(Fixture, "MetadataCache: refreshes near its end, or as the server says",
                 "[authn]") {
  Serve(idp, "max-age=600");
  REQUIRE(Get().ok());
  clock.Advance(absl::Seconds(479));
  REQUIRE(Get().ok());
  CHECK(fetcher.requests.size() == 1);
  clock.Advance(absl::Seconds(1));
  REQUIRE(Get().ok());
  CHECK(fetcher.requests.size() == 2);
}

TEST_CASE_METHOD(Fixture, "MetadataCache: a rotated key is seen once per cooldown", "[authn]") {
  Serve(idp);
  const auto old = *Get();
  clock.Advance(absl::Seconds(10));
  // Nothing has changed: 1,000 bad signatures cost one fetch.
  for (int i = 0; i < 1000; ++i) CHECK(*Get(old) == old);
  CHECK(fetcher.requests.size() == 2);
  Serve(next);
  CHECK(*Get(old) == old);
  clock.Advance(absl::Seconds(10));
  const auto rotated = *Get(old);
  CHECK(rotated != old);
  CHECK(rotated->keys == next.ParsedMetadata().keys);
}

TEST_CASE_METHOD(Fixture, "MetadataCache: failed fetches change nothing for a day", "[authn]") {
  Serve(idp);
  const auto known = *Get();
  for (const auto& answer :
       {oidc::UrlDocument{500, "", ""}, oidc::UrlDocument{200, "", "<a/>"},
        oidc::UrlDocument{200, "", next.Metadata("https://evil.example")},
        oidc::UrlDocument{
            200, "",
            next.Metadata(saml::testing::kEntityId, " validUntil=\"2001-01-01T00:00:00Z\"")}}) {
    fetcher.AnswerWith(answer);
    clock.Advance(absl::Hours(5));
    CHECK(*Get() == known);
  }
  clock.Advance(absl::Hours(5));
  CHECK(GetReason(Get().status()) == "issuer_unavailable");
}

TEST_CASE_METHOD(Fixture, "MetadataCache: the configured issuer must be the metadata's",
                 "[authn]") {
  cache = MetadataCache::Make("https://idp.example/md", "urn:idp", fetcher, clock);
  Serve(idp);
  CHECK(GetReason(Get().status()) == "issuer_unavailable");
  clock.Advance(absl::Seconds(10));
  Serve(idp, "", "urn:idp");
  CHECK(Get().ok());
}

TEST_CASE_METHOD(Fixture, "MetadataCache: callers wait for one fetch", "[authn]") {
  fetcher.automatic = false;
  Serve(idp);
  int answered = 0;
  for (int i = 0; i < 3; ++i) {
    cache->Get(nullptr, [&](absl::StatusOr<MetadataCache::Metadata> got) {
      CHECK(got.ok());
      ++answered;
    });
  }
  CHECK(fetcher.waiting() == 1);
  fetcher.Release();
  CHECK(answered == 3);
}

}  // namespace countersign::authn::assertions
