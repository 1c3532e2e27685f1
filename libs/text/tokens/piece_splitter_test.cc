#include "libs/text/tokens/piece_splitter.h"

#include <unicode/regex.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

// Compares the hand-written splitters with the published patterns, run by ICU.
namespace countersign::text::tokens {
namespace {

constexpr char kCl100k[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr char kO200k[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// Parts of texts that are hard to split. ICU and the tokenizers have the same Unicode data for
// these.
const std::vector<std::string>& Parts() {
  static const auto& parts = *new std::vector<std::string>{
      " ", "  ",     "\t",     "\n",   "\r\n", "\u00a0", "\u3000", "a",  "B",  "ß", "É",
      "ж", "中",     "あ",     "ก",    "ʰ",    "ǅ",      "\u0301", "1",  "42", "٣", "½",
      "'", "'s",     "'LL",    "'re",  "’",    "/",      "//",     ".",  "…",  "-", "_",
      "😀", "\u200b", "\u200d", "word", "Word", "WORD",   "ſ",      "'ſ", "İ",  "$", "€"};
  return parts;
}

std::string RandomText(std::mt19937& random) {
  std::string text;
  for (std::size_t size = 1 + random() % 12; size > 0; --size)
    text += Parts()[random() % Parts().size()];
  return text;
}

std::vector<std::string> Split(PieceSplitter splitter, const std::string& text) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = splitter(CharClasses::Get(), text, at);
    if (end <= at || end > text.size()) FAIL("a piece ends at " << end << " of '" << text << "'");
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

std::vector<std::string> SplitByIcu(const icu::RegexPattern& pattern, const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto unicode = icu::UnicodeString::fromUTF8(text);
  const std::unique_ptr<icu::RegexMatcher> matcher(pattern.matcher(unicode, status));
  std::vector<std::string> pieces;
  while (U_SUCCESS(status) && matcher->find()) {
    std::string piece;
    matcher->group(status).toUTF8String(piece);
    pieces.push_back(std::move(piece));
  }
  if (U_FAILURE(status)) FAIL(u_errorName(status));
  return pieces;
}

void CompareWithIcu(PieceSplitter splitter, const char* expression) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError place;
  const std::unique_ptr<icu::RegexPattern> pattern(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(expression), place, status));
  REQUIRE(U_SUCCESS(status));
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 1000; ++round) {
    const std::string text = RandomText(random);
    const std::vector<std::string> ours = Split(splitter, text);
    const std::vector<std::string> theirs = SplitByIcu(*pattern, text);
    if (ours == theirs) continue;
    INFO(text);
    CHECK(ours == theirs);
  }
}

TEST_CASE("Cl100kPieceEnd: splits random texts as the published pattern does", "[tokenizer]") {
  CompareWithIcu(Cl100kPieceEnd, kCl100k);
}

TEST_CASE("O200kPieceEnd: splits random texts as the published pattern does", "[tokenizer]") {
  CompareWithIcu(O200kPieceEnd, kO200k);
}

TEST_CASE("PieceSplitter: pieces of arbitrary bytes follow each other without gaps",
          "[tokenizer]") {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::size_t size = 1 + random() % 20; size > 0; --size)
      text += static_cast<char>(random() % 256);
    for (const PieceSplitter splitter : {Cl100kPieceEnd, O200kPieceEnd}) {
      std::string joined;
      for (const std::string& piece : Split(splitter, text)) joined += piece;
      if (joined != text) FAIL("seed 3, round " << round);
    }
  }
}

}  // namespace
}  // namespace countersign::text::tokens
