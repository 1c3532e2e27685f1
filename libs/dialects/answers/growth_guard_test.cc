#include "libs/dialects/answers/growth_guard.h"

#include <catch2/catch.hpp>
#include <optional>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::dialects::answers {
namespace {

// Card-like numbers of eight digits, whole numbers only.
std::shared_ptr<const text::redaction::RuleSet> Rules() {
  static const auto& rules = *new std::shared_ptr<const text::redaction::RuleSet>([] {
    std::vector<text::redaction::RedactionRule> made(1);
    made[0].entity = "number";
    made[0].regex = text::regex::ParseRegex("[0-9]{4} ?[0-9]{4}").value();
    made[0].left_forbidden = made[0].right_forbidden =
        text::regex::ByteSet::Of("0123456789abcdefghijklmnopqrstuvwxyz");
    made[0].replacement = "<N>";
    return text::redaction::RuleSet::Compile(std::move(made)).value();
  }());
  return rules;
}

class Field {
 public:
  domain::FieldRelease Feed(absl::string_view text, bool end) {
    domain::FieldRelease release;
    release.held_before = stream_.held();
    std::vector<text::redaction::RedactedSpan> spans;
    REQUIRE(stream_.Feed(text, end, &release.text, &spans).ok());
    release.held_after = stream_.held();
    for (const auto& span : spans) {
      release.masked.push_back(
          {span.begin, span.end, span.entity, span.original, span.input_begin, span.input_end});
    }
    return release;
  }

 private:
  text::redaction::RedactionStream stream_{Rules()};
};

std::string MaskWhole(absl::string_view text) { return Field().Feed(text, true).text; }

// What is sent for each piece, and at the end.
absl::StatusOr<std::vector<std::string>> TryPass(const std::vector<std::string>& pieces) {
  GrowthGuard guard;
  Field joined;
  std::optional<Field> grows;
  std::vector<std::string> sent;
  std::string last;
  std::uint64_t fed = 0;
  for (const std::string& piece : pieces) {
    Growth growth{fed, piece.size()};
    const bool repeats = !last.empty() && absl::StartsWith(piece, last);
    std::optional<domain::FieldRelease> ended, grown;
    if (grows && (!repeats || piece == last)) {
      growth.ends = true;
      ended = grows->Feed("", true);
      grows.reset();
    }
    if (repeats) {
      growth.repeated = last.size();
      growth.first = !grows;
      if (growth.first) grows.emplace();
      grown = grows->Feed(absl::string_view(piece).substr(growth.first ? 0 : last.size()), false);
    }
    GrowthGuard::Releases releases{joined.Feed(piece, false)};
    if (ended) releases.ended = &*ended;
    if (grown) releases.grown = &*grown;
    auto release = guard.Apply(growth, std::move(releases));
    if (!release.ok()) return release.status();
    for (const domain::MaskedSpan& span : release->masked) {
      CHECK(span.end <= release->text.size());
      CHECK(span.begin <= span.end);
    }
    sent.push_back(release->text);
    last = piece;
    fed += piece.size();
  }
  std::optional<domain::FieldRelease> ended;
  if (grows) ended = grows->Feed("", true);
  GrowthGuard::Releases releases{joined.Feed("", true)};
  if (ended) releases.ended = &*ended;
  const auto rest = guard.Finish(std::move(releases));
  if (!rest.ok()) return rest.status();
  sent.push_back(rest->text);
  return sent;
}

std::vector<std::string> Pass(const std::vector<std::string>& pieces) {
  auto sent = TryPass(pieces);
  REQUIRE(sent.ok());
  return *std::move(sent);
}

std::string Join(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

TEST_CASE("GrowthGuard: a match that only the last piece spells is masked in every piece",
          "[dialects]") {
  // Joined, the number is never whole: digits or letters adjoin it.
  const std::vector<std::string> grows = {"1234", "1234 56", "1234 5678", "1234 5678 ok"};
  const std::vector<std::string> sent = Pass(grows);
  for (const std::string& piece : sent) CHECK_FALSE(absl::StrContains(piece, "5678"));
  CHECK(absl::StrContains(Join(sent), "<N>"));
  CHECK(absl::StrContains(sent.back() + sent[3], "<N>"));

  const auto later = Pass({"my no is 1234 5678", "my no is 1234 5678", "my no is 1234 5678 ok"});
  CHECK_FALSE(absl::StrContains(Join(later), "5678"));
  CHECK(absl::StrContains(Join(later), "my no is <N>"));
}

TEST_CASE("GrowthGuard: a match that only the joined text spells is masked, too", "[dialects]") {
  const auto sent = Pass({"1234", "1234 x"});  // joined: 12341234 x
  CHECK(Join(sent) == "<N> x");
}

TEST_CASE("GrowthGuard: what has no match is sent as it is", "[dialects]") {
  CHECK(Pass({"the ", "the cat", "the cat sat"}) ==
        std::vector<std::string>{"the ", "the cat", "the cat sat", ""});
  CHECK(Join(Pass({"12", "12", "12 3", "other", "12", "127"})) == "121212 3other12127");
}

TEST_CASE("GrowthGuard: a piece that is repeated is held back once", "[dialects]") {
  const std::string piece = "number 1234 56";  // may be the beginning of a match
  const auto sent = Pass(std::vector<std::string>(50, piece));
  std::size_t size = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    size += sent[i].size();
    CHECK((i + 1) * piece.size() - size <= 2 * piece.size());
  }
  CHECK(Join(sent).size() == 50 * piece.size());
}

TEST_CASE("GrowthGuard: many matches in large pieces take linear time", "[dialects]") {
  std::string piece;
  for (int i = 0; i < 20'000; ++i) piece += "1234 5678 and ";
  const auto sent = Pass({piece, piece, piece + ".", piece + ".."});
  CHECK_FALSE(absl::StrContains(Join(sent), "5678"));
}

TEST_CASE("GrowthGuard: what would have to be held is bounded", "[dialects]") {
  const std::string base(1u << 20, 'x');
  std::vector<std::string> pieces;
  for (const char* const end : {" 1", " 12", " 123", " 1234", " 1234 ", " 1234 5", " 1234 56"}) {
    pieces.push_back(base + end);
  }
  CHECK(absl::IsUnavailable(TryPass(pieces).status()));
}

TEST_CASE("GrowthGuard: releases that are not spelled as they were fed", "[dialects]") {
  // They pass as they are, unless text within them would have to be masked: then the answer ends.
  domain::FieldRelease quoted;
  quoted.text = "{\"a\":\"<N>\"}";
  quoted.masked = {{6, 9, "n", "12345678", 5, 13}};
  GrowthGuard idle;
  const auto passed = idle.Apply({0, 14}, {quoted});
  REQUIRE(passed.ok());
  CHECK(passed->text == quoted.text);
  domain::FieldRelease restored;  // "TOKEN" became "original"
  restored.text = "a original b";
  restored.restored = true;
  domain::FieldRelease none;
  none.text = "a TOKEN b";
  GrowthGuard harmless;
  REQUIRE(harmless.Apply({0, 9}, {restored}).ok());
  const auto again = harmless.Apply({9, 9, 9, true}, {restored, nullptr, &none});
  REQUIRE(again.ok());
  CHECK(again->text == restored.text);
  CHECK(again->restored);
  domain::FieldRelease match;
  match.text = "a <T> b";
  match.masked = {{2, 5, "t", "TOKEN", 2, 7}};
  GrowthGuard busy;
  REQUIRE(busy.Apply({0, 9}, {restored}).ok());
  CHECK(absl::IsFailedPrecondition(
      busy.Apply({9, 9, 9, true}, {restored, nullptr, &match}).status()));
}

TEST_CASE("GrowthGuard: a number in JSON that became a string is masked with its quotes",
          "[dialects]") {
  // {"a":12345678 and {"a":12345678} grow; joined they are no document, and nothing matches.
  domain::FieldRelease held, joined, grown;
  held.held_after = 13;
  joined.text = "{\"a\":12345678{\"a\":12345678}";
  joined.held_before = 13;
  grown.text = "{\"a\":\"<N>\"}";
  grown.masked = {{6, 9, "n", "12345678", 5, 13}};
  GrowthGuard guard;
  REQUIRE(guard.Apply({0, 13}, {held}).ok());
  const auto sent = guard.Apply({13, 14, 13, true}, {joined, nullptr, &grown});
  REQUIRE(sent.ok());
  CHECK(sent->text == "{\"a\":\"<N>\"{\"a\":\"<N>\"}");
  REQUIRE(sent->masked.size() == 2);
  CHECK(sent->text.substr(sent->masked[1].begin, 5) == "\"<N>\"");
  // The joined text may be a document, too.
  GrowthGuard both;
  const auto as_document = both.Apply({0, 14}, {grown});
  REQUIRE(as_document.ok());
  CHECK(as_document->text == grown.text);
  CHECK(as_document->masked[0].begin == 6);
}

// The matches of `text`, as they are spelled.
std::vector<std::string> Matches(absl::string_view text) {
  std::vector<std::string> matches;
  for (const domain::MaskedSpan& span : Field().Feed(text, true).masked) {
    matches.push_back(span.original);
  }
  return matches;
}

TEST_CASE("GrowthGuard: no match of what grows is in any piece, and no other text changes",
          "[dialects]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::size_t masked = 0;
  for (int run = 0; run < 5000; ++run) {
    std::vector<std::string> pieces;
    for (std::size_t n = 1 + random() % 5; n > 0; --n) {
      std::string piece = !pieces.empty() && random() % 3 != 0 ? pieces.back() : "";
      for (std::size_t add = random() % 7; add > 0; --add) {
        static const std::vector<std::string> parts = {" ", "x", ". ", ""};
        const std::string& part = parts[random() % parts.size()];
        piece += part.empty() ? std::to_string(1000 + random() % 9000) : part;
      }
      if (!piece.empty()) pieces.push_back(piece);
    }
    const std::vector<std::string> sent = Pass(pieces);
    CAPTURE(pieces, sent);
    REQUIRE(sent.size() == pieces.size() + 1);
    const std::size_t before = masked;
    for (std::size_t first = 0, last = 0; first < pieces.size(); first = ++last) {
      while (last + 1 < pieces.size() && absl::StartsWith(pieces[last + 1], pieces[last])) ++last;
      if (first == last) continue;
      for (std::size_t end = first + 1; end <= last; ++end) {
        // A piece that adds nothing ends the text before it, as the last one does.
        if (end != last && pieces[end] != pieces[end - 1]) continue;
        const std::size_t to = end == last ? sent.size() : end;
        for (const std::string& match : Matches(pieces[end])) {
          ++masked;
          for (std::size_t i = first + 1; i < to; ++i) {
            CHECK_FALSE(absl::StrContains(sent[i], match));
          }
        }
      }
    }
    if (masked == before) CHECK(Join(sent) == MaskWhole(Join(pieces)));
  }
  CHECK(masked > 100);
}

}  // namespace
}  // namespace countersign::dialects::answers
