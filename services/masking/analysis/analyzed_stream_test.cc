#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/domain/analysis/analyzed_entities.h"
#include "libs/testing/fake_clock.h"
#include "libs/text/testing/random_patterns.h"
#include "services/masking/analysis/testing/fake_analyzer.h"
#include "services/masking/local_masker.h"

namespace countersign::masking::analysis {
namespace {

using Releases = std::vector<domain::FieldRelease>;
using text::testing::Below;
using text::testing::Random;

domain::MaskingRule RuleFor(std::string entity) {
  domain::MaskingRule rule;
  rule.entity = std::move(entity);
  return rule;
}

struct Fixture {
  explicit Fixture(AnalyzerOptions options = {}) {
    options.name = "names";
    auto made = std::make_unique<FakeAnalyzer>();
    analyzer = made.get();
    analyzers.Add(std::move(options), std::move(made));
    auto set = std::make_shared<domain::ResourceSet>();
    domain::MaskingProfile profile;
    profile.name = "p";
    profile.response.push_back(RuleFor("tier1"));
    profile.response.push_back(RuleFor(ToString(Persons())));
    profile.prompt.push_back(RuleFor(ToString(Persons())));
    profile.prompt.back().action = domain::MaskingRule::Action::kPlaceholder;
    set->masking_profiles["p"] = profile;
    REQUIRE(profiles.Validate(set).ok());
    REQUIRE(profiles.Serve(set).ok());
  }
  static domain::analysis::AnalyzedEntities Persons() { return {"names", {"person"}, 0.6}; }

  std::unique_ptr<domain::MaskStream> Open(
      domain::Direction direction = domain::Direction::kResponse) {
    std::unique_ptr<domain::MaskStream> opened;
    masker.Open({}, {"p", "openai", direction, {}}, absl::InfiniteFuture(),
                [&](auto stream) { opened = std::move(stream).value(); });
    REQUIRE(opened != nullptr);
    return opened;
  }

  testing::FakeClock clock;
  metrics::Registry registry;
  MaskingMetrics metrics{registry};
  Analyzers analyzers{clock, registry};
  FakeAnalyzer* analyzer = nullptr;
  ProfileStore profiles{SecretString("key"), &analyzers};
  ThreadPool pool{1, 8};
  LocalMasker masker{profiles, pool, metrics};
};

absl::StatusOr<Releases> Feed(domain::MaskStream& stream, std::vector<domain::FieldPiece> pieces) {
  std::optional<absl::StatusOr<Releases>> answer;
  stream.Feed(std::move(pieces), absl::InfiniteFuture(),
              [&](absl::StatusOr<Releases> releases) { answer = std::move(releases); });
  REQUIRE(answer);
  return *std::move(answer);
}

TEST_CASE("an analyzed stream masks what patterns and the analyzer find", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto releases =
      Feed(*stream, {{"f", "Ann Lee paid with 4111111111111111. Zo\u00EB did not. ", false}});
  REQUIRE(releases.ok());
  const domain::FieldRelease& release = releases->front();
  CHECK(release.text == "<PERSON> paid with <CREDIT_CARD>. <PERSON> did not. ");
  REQUIRE(release.masked.size() == 3);
  CHECK(release.masked[2].entity == "person");
  CHECK(release.masked[2].original == "Zo\u00EB");
  CHECK(release.masked[2].in_begin == 36);
  CHECK(release.held_after == 0);
  const auto requests = fixture.analyzer->requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].texts.size() == 2);
  CHECK(requests[0].language == "en");
  CHECK(requests[0].entities == std::vector<std::string>{"person"});
}

TEST_CASE("an analyzed stream holds a sentence until it ends, at most its limit", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  auto releases = Feed(*stream, {{"f", "Hello. I am Ann", false}});
  REQUIRE(releases.ok());
  CHECK(releases->front().text == "Hello. ");
  CHECK(releases->front().held_after == 8);
  releases = Feed(*stream, {{"f", " Lee.", false}});
  CHECK((*releases)[0].text.empty());
  CHECK((*releases)[0].held_before == 8);
  CHECK((*releases)[0].held_after == 13);
  releases = Feed(*stream, {{"f", "", true}});
  CHECK((*releases)[0].text == "I am <PERSON>.");
  releases = Feed(*stream, {{"g", std::string(5000, 'a'), false}});
  CHECK((*releases)[0].held_after <= 1024);
}

TEST_CASE("an analyzed stream counts what each of several pieces of a field holds", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{"f", "One. Tw", false},
                                       {"g", "Ann Lee", true},
                                       {"f", "o. Zo", false},
                                       {"f", "\u00EB", true},
                                       {"f", "Ann Lee", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == "One. ");
  CHECK((*releases)[0].held_after == 2);
  CHECK((*releases)[1].text == "<PERSON>");
  CHECK((*releases)[2].held_before == 2);
  CHECK((*releases)[2].text == "Two. ");
  CHECK((*releases)[2].held_after == 2);
  CHECK((*releases)[3].text == "<PERSON>");
  CHECK((*releases)[3].held_after == 0);
  CHECK((*releases)[4].text == "<PERSON>");
  CHECK(fixture.analyzer->requests().size() == 1);
}

TEST_CASE("an analyzed stream reads the strings of a document without their escapes", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  const auto releases =
      Feed(*stream, {{"call/arguments", R"({"to":"Ann Lee","from":"Zo\u00eb","n":12})", true}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == R"({"to":"<PERSON>","from":"<PERSON>","n":12})");
}

TEST_CASE("an analyzed prompt gets placeholders", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open(domain::Direction::kPrompt);
  const auto releases = Feed(*stream, {{"f", "Write to Ann Lee", true}});
  REQUIRE(releases.ok());
  REQUIRE((*releases)[0].placeholders.size() == 1);
  CHECK((*releases)[0].placeholders[0].original == "Ann Lee");
}

TEST_CASE("an analyzed stream asks about equal sentences once", "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  REQUIRE(Feed(*stream, {{"f", "Ann Lee. ", true}}).ok());
  const auto again = Feed(*stream, {{"probe/f", "Ann Lee. ", true}});
  CHECK((*again)[0].text == "<PERSON>. ");
  CHECK(fixture.analyzer->requests().size() == 1);
}

TEST_CASE("an analyzed stream refuses when the analyzer fails", "[masking]") {
  Fixture fixture;
  fixture.analyzer->FailWith(absl::UnavailableError("down"));
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{"f", "Ann Lee. ", true}});
  CHECK(releases.status().code() == absl::StatusCode::kUnavailable);
  CHECK(GetReason(releases.status()) == "analyzer_failed");
}

TEST_CASE("an analyzed stream masks less when it may, and says so", "[masking]") {
  AnalyzerOptions options;
  options.on_failure = OnFailure::kMaskLess;
  Fixture fixture(options);
  const auto stream = fixture.Open();
  auto releases = Feed(*stream, {{"f", "Ann Lee. ", false}});
  CHECK((*releases)[0].unanalyzed.empty());
  fixture.analyzer->FailWith(absl::DeadlineExceededError("slow"));
  releases = Feed(*stream, {{"f", "Zo\u00EB has 4111111111111111. ", false}});
  REQUIRE(releases.ok());
  CHECK((*releases)[0].text == "Zo\u00EB has <CREDIT_CARD>. ");
  CHECK((*releases)[0].unanalyzed == std::vector<std::string>{"names"});
  // It is not asked again, so that a slow one delays an answer once.
  fixture.analyzer->FailWith(absl::OkStatus());
  releases = Feed(*stream, {{"f", "Zo\u00EB.", true}});
  CHECK((*releases)[0].text == "Zo\u00EB.");
  CHECK(fixture.analyzer->requests().size() == 2);
}

TEST_CASE("an analyzed stream refuses rubbish", "[masking]") {
  const Finding rubbish =
      GENERATE(Finding{1, 0, 1, "person", 0.9}, Finding{0, 3, 3, "person", 0.9},
               Finding{0, 0, 99, "person", 0.9}, Finding{0, 3, 4, "person", 0.9},
               Finding{0, 0, 2, "animal", 0.9}, Finding{0, 0, 2, "person", 1.5},
               Finding{0, 0, 2, "person", std::numeric_limits<double>::quiet_NaN()});
  Fixture fixture;
  fixture.analyzer->AddRubbish(rubbish);
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{"f", "Zo\u00EB.", true}});
  CHECK(GetReason(releases.status()) == "analyzer_failed");
}

TEST_CASE("an analyzed stream takes spans that overlap as one", "[masking]") {
  Fixture fixture;
  fixture.analyzer->AddRubbish({0, 4, 12, "person", 0.9});
  const auto stream = fixture.Open();
  const auto releases = Feed(*stream, {{"f", "Ann Lee Smith.", true}});
  CHECK((*releases)[0].text == "<PERSON>h.");
}

TEST_CASE("an analyzed stream ignores findings below the least score", "[masking]") {
  Fixture fixture;
  fixture.analyzer->AddRubbish({0, 0, 2, "person", 0.59});
  const auto stream = fixture.Open();
  CHECK((*Feed(*stream, {{"f", "No one.", true}}))[0].text == "No one.");
}

TEST_CASE("an analyzed stream has a budget of calls and bytes", "[masking]") {
  AnalyzerOptions options;
  const bool bytes = GENERATE(true, false);
  bytes ? options.most_bytes = 12 : options.most_calls = 1;
  Fixture fixture(options);
  const auto stream = fixture.Open();
  REQUIRE(Feed(*stream, {{"f", "Ann Lee. ", false}}).ok());
  CHECK(GetReason(Feed(*stream, {{"f", "Someone. ", false}}).status()) == "analyzer_failed");
}

TEST_CASE("an analyzed stream splits many sentences over requests within one deadline",
          "[masking]") {
  Fixture fixture;
  const auto stream = fixture.Open();
  std::string text;
  for (int i = 0; i < 150; ++i) absl::StrAppend(&text, "Sentence ", i, ". ");
  REQUIRE(Feed(*stream, {{"f", text, true}}).ok());
  const auto requests = fixture.analyzer->requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].texts.size() == kMostTexts);
  for (const absl::Time deadline : fixture.analyzer->deadlines()) {
    CHECK(deadline == fixture.clock.Now() + absl::Seconds(2));
  }
}

TEST_CASE("an analyzed stream may end while the analyzer is asked", "[masking]") {
  Fixture fixture;
  fixture.analyzer->Defer();
  auto stream = fixture.Open();
  bool answered = false;
  stream->Feed({{"f", "Ann Lee.", true}}, absl::InfiniteFuture(), [&](auto) { answered = true; });
  stream = nullptr;
  fixture.analyzer->Answer();
  CHECK_FALSE(answered);
}

TEST_CASE("a draft may name no analyzer that masking does not have", "[masking]") {
  Fixture fixture;
  auto set = std::make_shared<domain::ResourceSet>();
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response.push_back(RuleFor("other/person@0.5"));
  set->masking_profiles["p"] = profile;
  CHECK(fixture.profiles.Validate(set).message() ==
        "MaskingProfile/p: analyzer 'other' is not in masking's configuration");
  // One that was committed before is served, and refuses.
  REQUIRE(fixture.profiles.Serve(set).ok());
  const auto stream = fixture.Open();
  CHECK(GetReason(Feed(*stream, {{"f", "Ann.", true}}).status()) == "analyzer_failed");
}

TEST_CASE("a profile names one analyzer for each direction, and an entity once", "[masking]") {
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response.push_back(RuleFor("names/person@0.5"));
  profile.response.push_back(RuleFor("other/location@0.5"));
  profile.prompt.push_back(RuleFor("other/person,person@0.5"));
  CHECK(CompileProfile(profile, {}, SecretString("key")).status().message() ==
        "MaskingProfile/p: spec.response[1].analyzer: is 'other', but earlier rules name 'names': "
        "one analyzer reads the answers of a profile, and one its prompts\n"
        "MaskingProfile/p: spec.prompt[0].analyzer: 'person' is named twice");
}

std::string Masked(Fixture& fixture, const std::vector<std::string>& pieces, const char* field) {
  const auto stream = fixture.Open();
  std::string shown, spans;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto releases = Feed(*stream, {{field, pieces[i], i + 1 == pieces.size()}});
    REQUIRE(releases.ok());
    for (const domain::MaskedSpan& span : releases->front().masked) {
      absl::StrAppend(&spans, " ", span.entity, " ", span.in_begin, "-", span.in_end, " ",
                      span.original);
    }
    shown += releases->front().text;
  }
  return absl::StrCat(shown, "|", spans);
}

TEST_CASE("an analyzed stream does not depend on how it was cut", "[masking][property]") {
  static const std::vector<std::string> kPieces = {"Ann Lee",
                                                   "Zo\u00EB",
                                                   ". ",
                                                   "! ",
                                                   "\n",
                                                   " ",
                                                   "a@example.com",
                                                   "4111111111111111",
                                                   "Ann",
                                                   " Lee",
                                                   "\"",
                                                   "{",
                                                   "}",
                                                   ":",
                                                   "\\u0041nn Lee",
                                                   "\\n",
                                                   "\uFF21nn ",
                                                   "x",
                                                   "\u3002",
                                                   "Mr. ",
                                                   "name",
                                                   "[",
                                                   "]",
                                                   ",",
                                                   "12",
                                                   "\\\"",
                                                   "user@",
                                                   "Lee\u200B"};
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    Fixture fixture;
    std::vector<std::string> words;
    if (Below(random, 2) == 0) words.push_back("{\"a\":\"");
    for (std::size_t left = 1 + Below(random, 60); left > 0; --left) {
      words.push_back(kPieces[Below(random, kPieces.size())]);
    }
    std::string whole;
    std::vector<std::string> characters;
    for (const std::string& word : words) {
      whole += word;
      for (const char c : word) {
        if ((c & 0xC0) == 0x80) {
          characters.back() += c;
        } else {
          characters.emplace_back(1, c);
        }
      }
    }
    std::vector<std::string> cut = {""};
    for (const std::string& character : characters) {
      if (Below(random, 3) == 0) cut.emplace_back();
      cut.back() += character;
    }
    const char* const field = Below(random, 3) == 0 ? "t/arguments" : "f";
    const std::string expected = Masked(fixture, {whole}, field);
    RC_ASSERT(Masked(fixture, words, field) == expected);
    RC_ASSERT(Masked(fixture, cut, field) == expected);
  }));
}

}  // namespace
}  // namespace countersign::masking::analysis
