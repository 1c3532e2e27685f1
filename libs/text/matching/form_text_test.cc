#include "libs/text/matching/form_text.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "libs/base/utf8.h"
#include "libs/text/unicode/word_edges.h"

namespace countersign::text::matching {
namespace {

const std::vector<std::string> kPieces = {
    "a",      "M",      "m",      "0",
    "1",      "_",      " ",      " ",
    "  ",     "\n\t",   ".",      "-",
    "é",      "ß",      "с",      "ﬁ",
    "中",     "한",     "\u1161", "\u0301",
    "\u0336", "\u200b", "कि",     "😀",
    "ท",      "\u00a0", "Ω",      "ﷺ",
    "\u2223", "٣",      "word",   "Some longer words of prose, in ASCII. "};

std::string RandomText(std::mt19937& random, std::size_t pieces) {
  std::string text;
  for (; pieces > 0; --pieces) text += kPieces[random() % kPieces.size()];
  return text;
}

// Checks FormText against Normalizer::Apply and IsWordEdge.
void CheckAgainstApply(unicode::Form form, const std::string& text, std::mt19937& random) {
  const unicode::Normalizer& normalizer = unicode::Normalizer::For(form);
  const unicode::NormalizedText plain = normalizer.Apply(text);
  const FormText fast(normalizer, text);
  INFO("form " << static_cast<int>(form) << " of \"" << text << "\"");
  REQUIRE(std::string(fast.text()) == plain.text());
  REQUIRE(std::string(fast.text().data() + fast.text().size(), 16) == std::string(16, '\0'));
  if (plain.text().empty()) return;
  const auto starts = [&](std::size_t at) { return (fast.starts()[at / 64] >> at % 64 & 1) != 0; };
  for (std::size_t begin = 0; begin < plain.text().size(); ++begin) {
    const std::size_t end = begin + 1 + random() % (plain.text().size() - begin);
    const unicode::OriginalSpan expected = plain.Original(begin, end);
    const unicode::OriginalSpan span = fast.Original(begin, end);
    INFO("[" << begin << ", " << end << ")");
    REQUIRE(span.begin == expected.begin);
    REQUIRE(span.end == expected.end);
    REQUIRE(span.whole == expected.whole);
    REQUIRE(fast.NotBefore(begin) <= span.begin);
    // The bit is set wherever a keyword may start.
    const unicode::OriginalSpan whole_from = plain.Original(begin, plain.text().size());
    const bool cuts = (static_cast<unsigned char>(plain.text()[begin]) & 0xc0) == 0x80;
    const bool is_space = plain.text()[begin] == ' ';
    if (whole_from.whole && !cuts && !is_space && unicode::IsWordEdge(text, whole_from.begin)) {
      REQUIRE(starts(begin));
    }
  }
}

TEST_CASE("FormText: equals Normalizer::Apply, with its offsets and all word boundaries",
          "[normalize]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const unicode::Form form =
      GENERATE(unicode::Form::kRaw, unicode::Form::kSpaced, unicode::Form::kCaseless,
               unicode::Form::kCompatible, unicode::Form::kFolded, unicode::Form::kSkeleton,
               unicode::Form::kLeet, unicode::Form::kJoined);
  for (int round = 0; round < 300; ++round) {
    CheckAgainstApply(form, RandomText(random, random() % 40), random);
  }
}

TEST_CASE("FormText: long texts, whose map is built in parts", "[normalize]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const unicode::Form form =
      GENERATE(unicode::Form::kRaw, unicode::Form::kCaseless, unicode::Form::kFolded,
               unicode::Form::kSkeleton, unicode::Form::kLeet, unicode::Form::kJoined);
  for (int round = 0; round < 6; ++round) {
    CheckAgainstApply(form, RandomText(random, 400 + random() % 400), random);
  }
  CheckAgainstApply(form, std::string(3000, ' ') + "x" + std::string(3000, '\n'), random);
  CheckAgainstApply(form, std::string(3000, 'm'), random);
}

TEST_CASE("FormText: ASCII of every kind, at every offset", "[normalize]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const unicode::Form form =
      GENERATE(unicode::Form::kRaw, unicode::Form::kSpaced, unicode::Form::kCaseless,
               unicode::Form::kCompatible, unicode::Form::kFolded, unicode::Form::kSkeleton,
               unicode::Form::kLeet, unicode::Form::kJoined);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t i = random() % 70; i > 0; --i) text += static_cast<char>(random() % 128);
    CheckAgainstApply(form, text, random);
  }
}

TEST_CASE("FormText: no keyword starts within a word, in any alphabet", "[normalize]") {
  for (const char* const text : {"abcdefghijklmnopqrstuv", "конфиденциально", "άλφα", "x_1"}) {
    const FormText seen(unicode::Normalizer::For(unicode::Form::kCaseless), text);
    std::size_t starts = 0;
    for (const std::uint64_t word : seen.starts()) {
      starts += static_cast<std::size_t>(__builtin_popcountll(word));
    }
    INFO(text);
    CHECK(starts == 1);
  }
}

TEST_CASE("FormText: a text that grows in its form", "[normalize]") {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "ﷺ";  // eighteen letters each
  const FormText seen(unicode::Normalizer::For(unicode::Form::kCompatible), text);
  CHECK(std::string(seen.text()) ==
        unicode::Normalizer::For(unicode::Form::kCompatible).Apply(text).text());
}

}  // namespace
}  // namespace countersign::text::matching
