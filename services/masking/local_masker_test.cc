#include "services/masking/local_masker.h"
#include "libs/base/mutex.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/domain/resources.h"

namespace countersign::masking {
namespace {

using Releases = std::vector<domain::FieldRelease>;

// Waits for an asynchronous answer.
template <typename T>
class Answer {
 public:
  domain::Done<T> Receiver() {
    return [this](absl::StatusOr<T> answer) {
      const MutexLock lock(mutex_);
      answer_ = std::move(answer);
      came_.NotifyAll();
    };
  }
  absl::StatusOr<T> Wait() {
    const MutexLock lock(mutex_);
    came_.Wait(mutex_, [&]() CS_REQUIRES(mutex_) { return answer_.has_value(); });
    return *std::move(answer_);
  }
  bool Came() {
    const MutexLock lock(mutex_);
    return answer_.has_value();
  }

 private:
  Mutex mutex_;
  CondVar came_;
  std::optional<absl::StatusOr<T>> answer_ CS_GUARDED_BY(mutex_);
};

struct Fixture {
  metrics::Registry registry;
  MaskingMetrics metrics{registry};
  ProfileStore profiles{SecretString("key")};
  ThreadPool pool{1, 8};
  LocalMasker masker{profiles, pool, metrics};

  absl::StatusOr<std::unique_ptr<domain::MaskStream>> TryOpen(const std::string& profile) {
    Answer<std::unique_ptr<domain::MaskStream>> answer;
    masker.Open({}, {profile, "openai", domain::Direction::kResponse, {}}, absl::InfiniteFuture(),
                answer.Receiver());
    return answer.Wait();
  }
  std::unique_ptr<domain::MaskStream> Open(const std::string& profile = "tier1") {
    auto stream = TryOpen(profile);
    REQUIRE(stream.ok());
    return *std::move(stream);
  }
};

absl::StatusOr<Releases> Feed(domain::MaskStream& stream, std::vector<domain::FieldPiece> pieces) {
  Answer<Releases> answer;
  stream.Feed(std::move(pieces), absl::InfiniteFuture(), answer.Receiver());
  return answer.Wait();
}

TEST_CASE("LocalMasker: a piece without a match is returned unchanged", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{"choices/0/content", "Hello, ", false}});
  REQUIRE(releases.ok());
  REQUIRE(releases->size() == 1);
  CHECK(releases->front().text == "Hello, ");
  CHECK(releases->front().Unchanged());
}

TEST_CASE("LocalMasker: a piece without a field is refused", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  CHECK(Feed(*stream, {{"", "Hello", true}}).status() ==
        absl::InvalidArgumentError("a piece has no field"));
}

TEST_CASE("LocalMasker: interleaved fields never share a match", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto first = Feed(*stream, {{"choices/0/content", "4111111111", false},
                                    {"choices/1/content", "536-90-", false}});
  REQUIRE(first.ok());
  CHECK((*first)[0].text.empty());
  CHECK((*first)[0].held_after == 10);
  const auto second = Feed(*stream, {{"choices/1/content", "4399 ", true},
                                     {"choices/0/content", "111111", false},
                                     {"choices/0/content", "", true}});
  REQUIRE(second.ok());
  CHECK((*second)[0].text == "<US_SSN> ");
  CHECK((*second)[0].held_before == 7);
  CHECK((*second)[1].text.empty());
  CHECK((*second)[2].text == "<CREDIT_CARD>");
  REQUIRE((*second)[2].masked.size() == 1);
  const domain::MaskedSpan& span = (*second)[2].masked[0];
  CHECK(span.entity == "credit_card");
  CHECK(span.original == "4111111111111111");
  CHECK(span.begin == 0);
  CHECK(span.end == 13);
}

TEST_CASE("LocalMasker: a field that comes again after its end is a new text", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  REQUIRE(Feed(*stream, {{"f", "x", true}}).ok());
  const auto releases = Feed(*stream, {{"f", "4111111111111111", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == "<CREDIT_CARD>");
}

TEST_CASE("LocalMasker: profile none changes nothing, an unknown one is NOT_FOUND", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open("none");
  const auto releases = Feed(*stream, {{"f", "4111111111111111", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].Unchanged());
  CHECK(fixture.TryOpen("missing").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("adversarial 16: LocalMasker: a stream keeps the rules it was opened with", "[masking]") {
  Fixture fixture;
  auto set = std::make_shared<domain::ResourceSet>();
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response.emplace_back().entity = "email";
  set->masking_profiles["p"] = profile;
  REQUIRE(fixture.profiles.Serve(set).ok());
  const auto stream = fixture.Open("p");
  REQUIRE(Feed(*stream, {{"f", "a@b", false}}).ok());
  REQUIRE(fixture.profiles.Serve(std::make_shared<domain::ResourceSet>()).ok());
  CHECK(fixture.TryOpen("p").status().code() == absl::StatusCode::kNotFound);
  const auto releases = Feed(*stream, {{"f", ".io", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == "<EMAIL>");
}

TEST_CASE("LocalMasker: large pieces are masked on the pool with the same result", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const std::string filler(100 * 1024, ' ');
  const auto releases = Feed(*stream, {{"f", filler + "4111111111111111", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == filler + "<CREDIT_CARD>");
}

TEST_CASE("LocalMasker: a full pool is RESOURCE_EXHAUSTED", "[masking]") {
  Fixture fixture;
  ThreadPool full(1, 0);
  LocalMasker masker(fixture.profiles, full, fixture.metrics);
  Mutex gate;
  gate.Lock();
  while (full.TrySubmit([&] { const MutexLock wait(gate); })) {
  }
  Answer<std::unique_ptr<domain::MaskStream>> opened;
  masker.Open({}, {"tier1", "c", domain::Direction::kResponse, {}}, absl::InfiniteFuture(),
              opened.Receiver());
  const auto stream = *opened.Wait();
  const auto releases = Feed(*stream, {{"f", std::string(100 * 1024, ' '), false}});
  CHECK(releases.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetReason(releases.status()) == "overloaded");
  gate.Unlock();
}

TEST_CASE("LocalMasker: a destroyed stream gets no answer from the pool", "[masking]") {
  Fixture fixture;
  Answer<Releases> never;
  {
    ThreadPool pool(1, 8);
    LocalMasker masker(fixture.profiles, pool, fixture.metrics);
    Mutex gate;
    gate.Lock();
    REQUIRE(pool.TrySubmit([&] { const MutexLock wait(gate); }));
    Answer<std::unique_ptr<domain::MaskStream>> opened;
    masker.Open({}, {"tier1", "c", domain::Direction::kResponse, {}}, absl::InfiniteFuture(),
                opened.Receiver());
    auto stream = *opened.Wait();
    stream->Feed({{"f", std::string(100 * 1024, ' '), false}}, absl::InfiniteFuture(),
                 never.Receiver());
    stream.reset();
    gate.Unlock();
  }
  CHECK_FALSE(never.Came());
}

TEST_CASE("LocalMasker: too many open fields fail closed, and the stream stays failed",
          "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  std::vector<domain::FieldPiece> pieces;
  for (int i = 0; i < 5000; ++i) pieces.push_back({"f" + std::to_string(i), "x", false});
  CHECK(Feed(*stream, pieces).status().code() == absl::StatusCode::kResourceExhausted);
  CHECK_FALSE(Feed(*stream, {{"f0", " ", true}}).ok());
}

TEST_CASE("LocalMasker: counts each replaced place by entity and direction", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  REQUIRE(Feed(*stream, {{"f", "a@b.io c@d.io 536-90-4399", true}}).ok());
  const std::string text = fixture.registry.Expose();
  CHECK(text.find("countersign_masked_entities_total{direction=\"response\",entity=\"email\"} 2") !=
        std::string::npos);
  CHECK(text.find("entity=\"us_ssn\"} 1") != std::string::npos);
}

TEST_CASE("LocalMasker: matches in a probe are masked but not counted", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{absl::StrCat(domain::kProbePrefix, "0"), "a@b.io", true},
                                       {"part/0", "c@d.io", true}});
  REQUIRE(releases.ok());
  CHECK(releases->at(0).text == "<EMAIL>");
  CHECK(releases->at(1).text == "<EMAIL>");
  CHECK(fixture.registry.Expose().find(
            "countersign_masked_entities_total{direction=\"response\",entity=\"email\"} 1") !=
        std::string::npos);
}

}  // namespace
}  // namespace countersign::masking
