#include "libs/text/unicode/text_fold.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/text/testing/redaction_oracle.h"

namespace countersign::text::unicode {
namespace {

std::string FoldedIn(absl::string_view text, std::size_t piece) {
  std::string folded;
  std::string rest;
  FoldPatches patches;
  for (std::size_t at = 0; at < text.size() || at == 0; at += piece) {
    const absl::string_view next = text.substr(at, piece);
    rest.append(next.data(), next.size());
    const bool end = at + piece >= text.size();
    const std::size_t used = FoldInto(rest, end, 0, folded, patches);
    CHECK(rest.size() - used <= (end ? 0 : 3));
    rest.erase(0, used);
  }
  std::string original;
  patches.Take(folded, 0, folded.size(), true, &original);
  CHECK(original == text);
  CHECK(patches.extra() == 0);
  CHECK(patches.empty());
  return folded;
}

TEST_CASE("FoldCodePoint: every code point folds as its Unicode properties say", "[fold]") {
  for (std::uint32_t c = 0; c < 0x110000; ++c) {
    if (FoldCodePoint(c) != testing::oracle::FoldedCodePoint(c)) FAIL_CHECK("U+" << std::hex << c);
  }
}

TEST_CASE("FoldInto: look-alikes become ASCII, invisible characters are dropped", "[fold]") {
  CHECK(FoldedIn("\uFF14\u0661\u07C1\U0001D7D9\u2460\u277E", 99) == "411119");
  CHECK(FoldedIn("\uFF21\U0001D41A\u24D2\u210E\uFF20\uFE6B", 99) == "Aach@@");
  CHECK(FoldedIn("1\u20112\u20133\u22124\uFF0D5", 99) == "1-2-3-4-5");
  CHECK(FoldedIn("1\u00A02\u202F3\u30004", 99) == "1 2 3 4");
  CHECK(FoldedIn("1\u200B2\u00AD3\u202E4\uFE0F5\uFEFF6\U000E00417", 99) == "1234567");
  CHECK(FoldedIn("na\u00EFve \u4E2D\u6587 \U0001F600 \u00B2\u2083", 99) ==
        "na\u00EFve \u4E2D\u6587 \U0001F600 \u00B2\u2083");
}

TEST_CASE("FoldInto: the folding does not depend on how the text was cut", "[fold]") {
  const std::string text =
      "a\uFF14\xE2\x80\u200B\u0661\xF0\x9D\x9F\U0001D7D9\xFF\xC2\u00A0\xF4\x90\x80\x80\xED\xA0\x80"
      "\u2011b\xC2\xE2\x80";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CHECK(FoldedIn(text, piece) == testing::oracle::Fold(text).text);
  }
}

TEST_CASE("FoldRanges: a listed code point becomes its folding, a wide range stays", "[fold]") {
  CHECK(FoldRanges({{0x2010, 0x2013}, {'-', '-'}}) ==
        std::vector<CodePointRange>{{'-', '-'}, {'-', '-'}, {'-', '-'}, {'-', '-'}, {'-', '-'}});
  CHECK(FoldRanges({{0x200B, 0x200B}}).empty());
  CHECK(FoldRanges({{0x80, 0x10FFFF}}) == std::vector<CodePointRange>{{0x80, 0x10FFFF}});
}

TEST_CASE("AsciiPrefix: ends at the first byte beyond ASCII", "[fold]") {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string ascii(length, 'x');
    CHECK(AsciiPrefix(ascii) == length);
    CHECK(AsciiPrefix(ascii + "\x80xxxxxxxxxxxxxxxxxxx") == length);
  }
}

}  // namespace
}  // namespace countersign::text::unicode
