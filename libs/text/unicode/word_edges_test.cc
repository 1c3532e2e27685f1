#include "libs/text/unicode/word_edges.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/base/utf8.h"

namespace countersign::text::unicode {
namespace {

// The text with a | at every word boundary.
std::string WithEdges(absl::string_view text) {
  std::string marked;
  for (std::size_t at = 0; at <= text.size();) {
    if (IsWordEdge(text, at)) marked += '|';
    if (at == text.size()) break;
    const Utf8Char next = DecodeUtf8(text, at);
    marked += std::string(text.substr(at, next.size));
    at += next.size;
  }
  return marked;
}

TEST_CASE("IsWordEdge: is between characters that are not both word characters", "[unicode]") {
  CHECK(WithEdges("ab c") == "|ab| |c|");
  CHECK(WithEdges("a_1") == "|a_1|");
  CHECK(WithEdges("a-b") == "|a|-|b|");
  CHECK(WithEdges("") == "|");
  CHECK(WithEdges("été 42") == "|été| |42|");
  CHECK(WithEdges("жук") == "|жук|");
}

TEST_CASE("IsWordEdge: is at every position in scripts without spaces", "[unicode]") {
  CHECK(WithEdges("中文") == "|中|文|");
  CHECK(WithEdges("ひら") == "|ひ|ら|");
  CHECK(WithEdges("한글") == "|한|글|");
}

TEST_CASE("IsWordEdge: marks and invisible characters make no boundary", "[unicode]") {
  CHECK_FALSE(IsWordEdge("a\u0301b", 1));
  CHECK_FALSE(IsWordEdge("a\u200bb", 1));
  CHECK_FALSE(IsWordEdge("a\u200bb", 4));
  CHECK_FALSE(IsWordEdge("a\u0081b", 1));
}

// The definition: a boundary where one side is not a word character, skipping the characters of
// IsPassedByWordEdges.
TEST_CASE("IsWordEdge: depends only on the two characters beside it", "[unicode]") {
  const std::vector<std::string> parts = {"a", "Z", "9", "_", " ", ".", "é", "ж", "-", "½"};
  for (const std::string& left : parts) {
    for (const std::string& right : parts) {
      const std::string text = left + right;
      const bool word = IsWordCharacter(DecodeUtf8(left, 0).code_point) &&
                        IsWordCharacter(DecodeUtf8(right, 0).code_point);
      INFO(text);
      CHECK(IsWordEdge(text, left.size()) == !word);
      CHECK(IsWordEdge("x" + text + "x", 1 + left.size()) == !word);
    }
  }
}

TEST_CASE("IsWordCharacter, IsPassedByWordEdges: letters, marks and the invisible", "[unicode]") {
  for (const std::uint32_t yes : {0x61u, 0x5Au, 0x30u, 0x5Fu, 0xE9u, 0x436u})
    CHECK(IsWordCharacter(yes));
  for (const std::uint32_t no : {0x20u, 0x2Eu, 0x2Du, 0x4E2Du}) CHECK_FALSE(IsWordCharacter(no));
  for (const std::uint32_t yes : {0x301u, 0x200Bu, 0xADu}) CHECK(IsPassedByWordEdges(yes));
  for (const std::uint32_t no : {0x61u, 0x20u, 0x4E2Du}) CHECK_FALSE(IsPassedByWordEdges(no));
}

}  // namespace
}  // namespace countersign::text::unicode
