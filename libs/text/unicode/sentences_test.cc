#include "libs/text/unicode/sentences.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/text/testing/random_patterns.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

// The sentences of a text that comes in pieces, as a stream cuts them.
std::vector<std::string> Cut(const std::vector<std::string>& pieces) {
  std::vector<std::string> sentences;
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
    while (const std::size_t size = FindSentenceEnd(text)) {
      sentences.push_back(text.substr(0, size));
      text.erase(0, size);
    }
  }
  if (!text.empty()) sentences.push_back(text);
  return sentences;
}

TEST_CASE("FindSentenceEnd: punctuation and a space end a sentence", "[text]") {
  CHECK(Cut({"One is here. Two! \"Three?\" Four\u2026 five"}) ==
        std::vector<std::string>{"One is here. ", "Two! ", "\"Three?\" ", "Four\u2026 ", "five"});
  CHECK(FindSentenceEnd("Not yet.") == 0);
  CHECK(FindSentenceEnd("version 1.25 is out") == 0);
}

TEST_CASE("FindSentenceEnd: a line ends a sentence", "[text]") {
  CHECK(Cut({"- Ann\n- Bob\n\nx"}) == std::vector<std::string>{"- Ann\n", "- Bob\n", "\n", "x"});
}

TEST_CASE("FindSentenceEnd: titles and initials do not end a sentence", "[text]") {
  CHECK(FindSentenceEnd("Mrs. Smith and J. R. Doe ") == 0);
  CHECK(FindSentenceEnd("He met Mr. Doe. She") == 16);
}

TEST_CASE("FindSentenceEnd: scripts without spaces need none", "[text]") {
  CHECK(Cut({"\u5F20\u4F1F\u3002\u674E\u5A1C\uFF01x"}) ==
        std::vector<std::string>{"\u5F20\u4F1F\u3002", "\u674E\u5A1C\uFF01", "x"});
}

TEST_CASE("FindSentenceEnd: the edge of a string stands alone", "[text]") {
  const std::string edge = kStringEdgeMark;
  CHECK(Cut({absl::StrCat("{", edge, "name", edge, ": ", edge, "Ann Lee", edge, "}")}) ==
        std::vector<std::string>{"{", edge, "name", edge, ": ", edge, "Ann Lee", edge, "}"});
}

TEST_CASE("FindSentenceEnd: what goes on is cut at its limit", "[text]") {
  const std::string words = absl::StrCat(std::string(1000, 'a'), " ", std::string(1000, 'b'));
  CHECK(Cut({words})[0].size() == 1001);
  const std::string wide = absl::StrCat("a", [] {
    std::string text;
    for (int i = 0; i < 700; ++i) text += "\u0416";
    return text;
  }());
  CHECK(Cut({wide})[0].size() == 1023);
  CHECK(FindSentenceEnd(std::string(kMaxSentence, 'a')) == 0);
}

TEST_CASE("FindSentenceEnd: the sentences do not depend on the pieces", "[text][property]") {
  CHECK(rc::check([](std::uint64_t seed) {
    testing::Random random(seed);
    static const std::vector<std::string> kPieces = {
        "a",      "Mr",      ".",      ". ",     "!",
        " ",      "\n",      "\u3002", "\u2026", "\u201D",
        "\u0416", "word ",   "Jane ",  "J. ",    kStringEdgeMark,
        "\"",     "?)",      "\u4E2D", "\t",     "1.5",
        "\uFF01", "abcdefg", "...",    "\u00BB "};
    std::vector<std::string> bytes;
    std::string text;
    const std::size_t length = testing::Below(random, 3000);
    while (text.size() < length) text += kPieces[testing::Below(random, kPieces.size())];
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + testing::Below(random, 40);
      bytes.push_back(text.substr(at, size));
      at += size;
    }
    const std::vector<std::string> whole = Cut({text});
    RC_ASSERT(Cut(bytes) == whole);
    RC_ASSERT(absl::StrJoin(whole, "") == text);
    for (const std::string& sentence : whole) RC_ASSERT(sentence.size() <= kMaxSentence);
  }));
}

}  // namespace
}  // namespace countersign::text::unicode
