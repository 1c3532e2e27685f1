#include "services/authn/oidc/jwks_cache.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/status.h"
#include "services/authn/testing/authn_testing.h"

namespace countersign::authn::oidc {
namespace {

using testing::FakeFetcher;
using testing::kIssuer;

const crypto::TestSigner& Signer() {
  static const auto& signer = *new auto(crypto::TestSigner::Ec(crypto::KeyType::kP256));
  return signer;
}

std::string Key(const std::string& kid) {
  return jose::JwkJson(Signer(), "\"kid\":\"" + kid + "\"");
}

struct Fixture {
  explicit Fixture(const std::string& jwks_uri = "https://idp.example/keys")
      : cache(JwksCache::Make(kIssuer, jwks_uri, fetcher, clock)) {
    fetcher.AnswerWithKeys({Key("a")});
  }

  struct Answer {
    bool came = false;
    absl::Status status;
    bool has_kid = false;
  };
  std::shared_ptr<Answer> Ask(const std::string& kid) {
    auto answer = std::make_shared<Answer>();
    cache->Get(kid, [answer, kid](absl::StatusOr<JwksCache::Keys> keys) {
      CHECK_FALSE(answer->came);
      answer->came = true;
      answer->status = keys.status();
      answer->has_kid = keys.ok() && (*keys)->HasKey(kid);
    });
    return answer;
  }
  bool Has(const std::string& kid) {
    const auto answer = Ask(kid);
    CHECK(answer->came);
    return answer->has_kid;
  }
  std::size_t fetches() const { return fetcher.requests.size(); }

  countersign::testing::FakeClock clock;
  FakeFetcher fetcher;
  std::shared_ptr<JwksCache> cache;
};

struct DiscoveryFixture : Fixture {
  DiscoveryFixture() : Fixture("") {}
  void AnswerDiscovery(const std::string& jwks_uri = "https://keys.example/k") {
    fetcher.AnswerWith(UrlDocument{
        200, "", absl::StrCat(R"({"issuer":")", kIssuer, R"(","jwks_uri":")", jwks_uri, R"("})")});
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "JwksCache: keys are fetched once and then served", "[authn]") {
  CHECK(cache->Age() == absl::InfiniteDuration());
  for (int i = 0; i < 100; ++i) CHECK(Has("a"));
  CHECK(fetches() == 1);
  CHECK(fetcher.requests[0].url == "https://idp.example/keys");
  CHECK(fetcher.requests[0].host_is_configured);
  clock.Advance(absl::Seconds(30));
  CHECK(cache->Age() == absl::Seconds(30));
}

TEST_CASE_METHOD(Fixture, "JwksCache: a thousand bogus kids cause one fetch", "[authn]") {
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(Has(absl::StrCat("bogus-", i)));
  CHECK(fetches() == 1);
  CHECK(Has("a"));
}

TEST_CASE_METHOD(Fixture, "JwksCache: bogus kids cause one fetch per cooldown, however many come",
                 "[authn]") {
  CHECK(Has("a"));
  for (int round = 1; round <= 5; ++round) {
    clock.Advance(absl::Seconds(10));
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(Has(absl::StrCat("bogus-", i)));
    CHECK(fetches() == 1u + static_cast<std::size_t>(round));
  }
}

TEST_CASE_METHOD(Fixture, "JwksCache: a thousand callers at once share one fetch", "[authn]") {
  fetcher.automatic = false;
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 1000; ++i) answers.push_back(Ask("a"));
  CHECK(fetches() == 1);
  CHECK_FALSE(answers[0]->came);
  fetcher.Release();
  for (const auto& answer : answers) CHECK(answer->has_kid);
}

TEST_CASE_METHOD(Fixture, "JwksCache: no more callers wait than its bound", "[authn]") {
  fetcher.automatic = false;
  for (int i = 0; i < 1024; ++i) Ask("a");
  const auto refused = Ask("a");
  CHECK(refused->came);
  CHECK(refused->status.code() == absl::StatusCode::kUnavailable);
  fetcher.Release();
}

TEST_CASE_METHOD(Fixture, "JwksCache: a rotated key is found as soon as the cooldown is over",
                 "[authn]") {
  CHECK(Has("a"));
  fetcher.AnswerWithKeys({Key("b")});
  CHECK_FALSE(Has("b"));
  clock.Advance(absl::Seconds(10));
  CHECK(Has("b"));
  CHECK(fetches() == 2);
}

TEST_CASE_METHOD(Fixture, "JwksCache: keys are renewed beside the calls, nobody waits", "[authn]") {
  CHECK(Has("a"));
  fetcher.automatic = false;
  clock.Advance(absl::Minutes(8) - absl::Seconds(1));
  CHECK(Has("a"));
  CHECK(fetches() == 1);
  clock.Advance(absl::Seconds(1));
  CHECK(Has("a"));  // answered at once, during the fetch
  CHECK(Has("a"));
  CHECK(fetches() == 2);
  fetcher.AnswerWithKeys({Key("a"), Key("b")});
  fetcher.Release();
  CHECK(Has("b"));
  CHECK(cache->Age() == absl::ZeroDuration());
}

TEST_CASE_METHOD(Fixture, "JwksCache: keys past their time are fetched before they are used",
                 "[authn]") {
  CHECK(Has("a"));
  fetcher.automatic = false;
  clock.Advance(absl::Minutes(11));
  const auto answer = Ask("a");
  CHECK_FALSE(answer->came);
  fetcher.Release();
  CHECK(answer->has_kid);
}

TEST_CASE_METHOD(Fixture, "JwksCache: max-age is honoured between one minute and one day",
                 "[authn]") {
  fetcher.AnswerWithKeys({Key("a")}, "public, Max-Age=1");
  CHECK(Has("a"));
  clock.Advance(absl::Seconds(40));
  CHECK(Has("a"));
  CHECK(fetches() == 1);  // 1 s counts as a minute
  clock.Advance(absl::Seconds(30));
  fetcher.AnswerWithKeys({Key("a")}, "max-age=999999999");
  CHECK(Has("a"));
  CHECK(fetches() == 2);
  clock.Advance(absl::Hours(18));
  CHECK(Has("a"));
  CHECK(fetches() == 2);
  clock.Advance(absl::Hours(2));
  CHECK(Has("a"));
  CHECK(fetches() == 3);
}

TEST_CASE_METHOD(Fixture, "JwksCache: a failed fetch changes nothing, for a bounded time",
                 "[authn]") {
  CHECK(Has("a"));
  const absl::StatusOr<UrlDocument> failures[] = {
      absl::UnavailableError("connection refused"),
      absl::DeadlineExceededError("too slow"),
      UrlDocument{500, "", "oops"},
      UrlDocument{302, "", ""},
      UrlDocument{404, "", R"({"keys":[]})"},
      UrlDocument{200, "", "<html>login</html>"},
      UrlDocument{200, "", R"({"keys":[]})"},
      UrlDocument{200, "", R"({"keys":[{"kty":"oct","k":"AAAA"}]})"},
  };
  for (const auto& failure : failures) {
    fetcher.AnswerWith(failure);
    clock.Advance(absl::Hours(2));
    const std::size_t before = fetches();
    CHECK(Has("a"));
    CHECK(fetches() == before + 1);
    CHECK(Has("a"));
    CHECK(fetches() == before + 1);  // not again before the back-off is over
  }
  clock.Advance(absl::Hours(9));  // 25 h since the last success
  const auto answer = Ask("a");
  CHECK(answer->status.code() == absl::StatusCode::kUnavailable);
  CHECK(GetReason(answer->status) == "issuer_unavailable");
  fetcher.AnswerWithKeys({Key("a")});
  clock.Advance(absl::Minutes(1));
  CHECK(Has("a"));
}

TEST_CASE_METHOD(Fixture, "JwksCache: an unreachable issuer is asked with growing pauses",
                 "[authn]") {
  fetcher.AnswerWith(absl::UnavailableError("connection refused"));
  for (int second = 0; second < 600; ++second) {
    const auto answer = Ask("a");
    CHECK(answer->status.code() == absl::StatusCode::kUnavailable);
    clock.Advance(absl::Seconds(1));
  }
  CHECK(fetches() <= 26);
  CHECK(fetches() >= 20);
}

TEST_CASE_METHOD(Fixture, "JwksCache: a key that is missing once stays, missing twice it goes",
                 "[authn]") {
  fetcher.AnswerWithKeys({Key("a"), Key("b")});
  CHECK(Has("b"));
  fetcher.AnswerWithKeys({Key("a")});
  clock.Advance(absl::Minutes(11));
  CHECK(Has("a"));
  CHECK(Has("b"));
  CHECK(fetches() == 2);
  clock.Advance(absl::Minutes(11));
  CHECK(Has("a"));
  CHECK_FALSE(Has("b"));
}

TEST_CASE_METHOD(Fixture, "JwksCache: a key that comes back in time is not counted as missing",
                 "[authn]") {
  for (int i = 0; i < 6; ++i) {
    fetcher.AnswerWithKeys(i % 2 == 0 ? std::vector<std::string>{Key("a"), Key("b")}
                                      : std::vector<std::string>{Key("a")});
    clock.Advance(absl::Minutes(11));
    CHECK(Has("b"));
  }
}

TEST_CASE_METHOD(DiscoveryFixture, "JwksCache: the keys' place comes from discovery, once",
                 "[authn]") {
  fetcher.automatic = false;
  AnswerDiscovery();
  const auto answer = Ask("a");
  REQUIRE(fetches() == 1);
  CHECK(fetcher.requests[0].url == "https://idp.example/.well-known/openid-configuration");
  fetcher.Release();
  REQUIRE(fetches() == 2);
  CHECK(fetcher.requests[1].url == "https://keys.example/k");
  CHECK_FALSE(fetcher.requests[1].host_is_configured);
  fetcher.AnswerWithKeys({Key("a")});
  fetcher.Release();
  CHECK(answer->has_kid);
  clock.Advance(absl::Minutes(11));
  fetcher.automatic = true;
  CHECK(Has("a"));
  CHECK(fetches() == 3);
}

TEST_CASE_METHOD(DiscoveryFixture, "JwksCache: after a failure the keys' place is asked again",
                 "[authn]") {
  fetcher.automatic = false;
  AnswerDiscovery();
  const auto answer = Ask("a");
  fetcher.Release();
  fetcher.AnswerWith(UrlDocument{404, "", ""});
  fetcher.Release();
  CHECK(answer->status.code() == absl::StatusCode::kUnavailable);
  clock.Advance(absl::Seconds(5));
  Ask("a");
  CHECK(fetcher.requests.back().url == "https://idp.example/.well-known/openid-configuration");
  fetcher.Release();
}

TEST_CASE_METHOD(DiscoveryFixture, "JwksCache: a discovery document of another issuer is refused",
                 "[authn]") {
  fetcher.AnswerWith(UrlDocument{
      200, "", R"({"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"})"});
  const auto answer = Ask("a");
  CHECK(answer->status.code() == absl::StatusCode::kUnavailable);
  CHECK(fetches() == 1);
}

TEST_CASE("MaxAge: is found among other directives if it is a number", "[authn]") {
  CHECK(MaxAge("max-age=60") == absl::Seconds(60));
  CHECK(MaxAge("public, MAX-AGE=60 , must-revalidate") == absl::Seconds(60));
  CHECK_FALSE(MaxAge("").has_value());
  CHECK_FALSE(MaxAge("no-store").has_value());
  CHECK_FALSE(MaxAge("max-age=-1").has_value());
  CHECK_FALSE(MaxAge("max-age=x").has_value());
  CHECK_FALSE(MaxAge("s-maxage=60").has_value());
}

TEST_CASE_METHOD(Fixture, "JwksCache: survives callers on many threads", "[authn]") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i) {
        cache->Get(i % 2 == 0 ? "a" : absl::StrCat(t, "-", i),
                   [](absl::StatusOr<JwksCache::Keys>) {});
        clock.Advance(absl::Seconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(Has("a"));
}

}  // namespace countersign::authn::oidc
