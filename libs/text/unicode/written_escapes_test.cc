#include "libs/text/unicode/written_escapes.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

std::string Folded(absl::string_view text) {
  std::string folded;
  FoldPatches patches;
  CHECK(FoldInto(text, true, 0, folded, patches) == text.size());
  std::string original;
  patches.Take(folded, 0, folded.size(), true, &original);
  CHECK(original == text);
  return folded;
}

struct Case {
  std::string written;
  std::string folded;
};

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      // Backslashes, however many.
      {R"(a\nb)", "a\nb"},
      {R"(a\\\\nb)", "a\nb"},
      {R"(\t4 \r5 \/ \\/)", "\t4 \r5 / /"},
      {R"(\b4\f5)",
       "\x1F"
       "4\x1F"
       "5"},
      {R"({\"a\": \'b\'})",
       "{\x1D"
       "a\x1D: \x1D"
       "b\x1D}"},
      {R"(\\\"x\\\")", "\x1Dx\x1D"},
      {R"(\x41\x22\x0a\x00)", "A\x1D\n\x1F"},
      {R"(\x4 \xyz \d \u0041 \)", R"(\x4 \xyz \d \u0041 \)"},
      {std::string(16, '\\') + "n", "\\\n"},
      // Percent signs.
      {"a%3Db%26c%3ad", "a=b&c:d"},
      {"%0A1%0d%09", "\n1\r\t"},
      {"%22x%22%27", "\x1Dx\x1D\x1D"},
      {"%20ghp%2Fx%7B", "\x1Fghp\x1Fx\x1F"},
      {"%253D %252520x %25252525", "= \x1Fx %25252525"},
      {"100% 5%a %zz %41 j%40x.io %2E", "100% 5%a %zz %41 j%40x.io %2E"},
      // References.
      {"&quot;a&quot; &#39;b&#x27; &apos;",
       "\x1D"
       "a\x1D \x1D"
       "b\x1D \x1D"},
      {"&lt;b&gt; a&amp;b &nbsp;", "<b> a&b  "},
      {"&amp;quot;x&amp;amp;lt;", "\x1Dx<"},
      {"&#52;&#x34; &#10;", "44 \n"},
      {"a=b&lta=c &copy; &#233; &; &#;", "a=b&lta=c &copy; &#233; &; &#;"},
      // Terminals.
      {"\x1b[32mghp\x1b[0m", " ghp "},
      {"\x1b[38;5;196m4\x1b[K", " 4 "},
      {R"(\x1b[1m4\033[0m5\e[31m6)", " 4 5 6"},
      {"\x1b]8;;http://x\x1b\\t\x1b]8;;\a", " 8;;http://x t 8;; "},
      {"\x1b(Bx", " x"},
      {"\x1b 1 \x1b", " 1 "},
      {"\x1b[" + std::string(40, '1') + "m", "[" + std::string(40, '1') + "m"},
      {R"(\e \034 \033x)", R"(\e \034 \033x)"},
  };
  return cases;
}

TEST_CASE("ReadWrittenEscape: escapes fold to the character that they mean", "[fold]") {
  for (const Case& each : Cases()) {
    INFO(each.written);
    CHECK(Folded(each.written) == each.folded);
  }
}

TEST_CASE("ReadWrittenEscape: any cut folds alike, and little is held", "[fold]") {
  for (const Case& each : Cases()) {
    for (std::size_t cut = 0; cut <= each.written.size(); ++cut) {
      INFO(each.written << " cut at " << cut);
      std::string folded;
      FoldPatches patches;
      const std::string first = each.written.substr(0, cut);
      const std::size_t used = FoldInto(first, false, 0, folded, patches);
      CHECK(first.size() - used <= kMaxWrittenEscape);
      FoldInto(each.written.substr(used), true, 0, folded, patches);
      CHECK(folded == each.folded);
    }
  }
}

TEST_CASE("ReadWrittenEscape: a text of introducers alone is held in part only", "[fold]") {
  for (const char introducer : kEscapeIntroducers) {
    std::string folded;
    FoldPatches patches;
    const std::string text(1000, introducer);
    CHECK(text.size() - FoldInto(text, false, 0, folded, patches) <= kMaxWrittenEscape);
  }
}

TEST_CASE("PlainAsciiPrefix: ends where an escape may begin", "[fold]") {
  for (const char introducer : kEscapeIntroducers) {
    for (std::size_t length = 0; length < 20; ++length) {
      const std::string plain(length, 'x');
      CHECK(PlainAsciiPrefix(plain + introducer + "xxxxxxxxxxxxxxxx") == length);
    }
  }
}

}  // namespace
}  // namespace countersign::text::unicode
