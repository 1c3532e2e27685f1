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
  CHECK(FoldedIn(std::string("1\0002\0013\x1f"
                             "4\x7f"
                             "5\u00806\u009F7\uFFF98\u034F9",
                             22),
                 99) == "123456789");
  CHECK(FoldedIn("1\u20282\u20293\u28004\u00855\t6\n7", 99) == "1 2 3 4 5\t6\n7");
  CHECK(FoldedIn("1\uFE0F\u20E32\u03363\u0305e\u0301", 99) == "123e\u0301");
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
  CHECK(FoldRanges({{0, 0}}).empty());
  CHECK(FoldRanges({{0x07, 0x0A}}) == std::vector<CodePointRange>{{0x09, 0x09}, {0x0A, 0x0A}});
  CHECK(FoldRanges({{0x80, 0x10FFFF}}) == std::vector<CodePointRange>{{0x80, 0x10FFFF}});
}

TEST_CASE("PlainAsciiPrefix: ends at the first byte beyond ASCII and at controls", "[fold]") {
  for (std::size_t length = 0; length < 40; ++length) {
    for (const char c : std::string("x \t\n\v\f\r~")) {
      const std::string ascii(length, c);
      CHECK(PlainAsciiPrefix(ascii) == length);
      for (const char* end : {"\x80", "\x01", "\x1f", "\x7f", "\x08", "\x0e"}) {
        CHECK(PlainAsciiPrefix(ascii + end + "xxxxxxxxxxxxxxxxxxx") == length);
      }
      CHECK(PlainAsciiPrefix(ascii + std::string(20, '\0')) == length);
    }
  }
}

TEST_CASE("IsInvisible: what has no glyph of its own", "[fold]") {
  for (const std::uint32_t c : {0x0u, 0x1Bu, 0x7Fu, 0x80u, 0x9Fu, 0xADu, 0x34Fu, 0x115Fu, 0x200Bu,
                                0x2060u, 0x3164u, 0xFEFFu, 0xFFF9u, 0xE0041u}) {
    CHECK(IsInvisible(c));
  }
  for (const std::uint32_t c :
       {0x9u, 0xAu, 0x20u, 0x41u, 0x85u, 0x301u, 0x2028u, 0x20E3u, 0x2800u}) {
    CHECK_FALSE(IsInvisible(c));
  }
}

}  // namespace
}  // namespace countersign::text::unicode
