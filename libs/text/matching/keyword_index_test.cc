#include "libs/text/matching/keyword_index.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace countersign::text::matching {
namespace {

using Matches = std::multiset<std::pair<std::size_t, std::string>>;

Matches Found(const std::vector<std::string>& keywords, const std::string& text) {
  KeywordIndex index;
  index.Build(keywords);
  const FormText seen(unicode::Normalizer::For(unicode::Form::kRaw), text);
  Matches matches;
  std::size_t last = 0;
  index.Find(seen, [&](std::uint32_t keyword, std::size_t begin) {
    REQUIRE(begin >= last);
    last = begin;
    matches.emplace(begin, keywords[keyword]);
  });
  return matches;
}

TEST_CASE("KeywordIndex: finds all keywords that start at one position", "[matcher]") {
  CHECK(Found({"a", "an", "ant", "anti", "antique", "antiques", "antiques shop", "anthem"},
              "antiques shop") == Matches{{0, "a"},
                                          {0, "an"},
                                          {0, "ant"},
                                          {0, "anti"},
                                          {0, "antique"},
                                          {0, "antiques"},
                                          {0, "antiques shop"}});
}

TEST_CASE("KeywordIndex: matches at word starts only", "[matcher]") {
  CHECK(Found({"art"}, "start art party. art") == Matches{{6, "art"}, {17, "art"}});
}

TEST_CASE("KeywordIndex: does not read past the end of the text", "[matcher]") {
  CHECK(Found({std::string("ab\0\0", 4), std::string("ab\0\0\0\0\0\0", 8), "abc"}, "ab").empty());
  CHECK(Found({std::string("ab\0c", 4)}, std::string("ab\0c", 4)).size() == 1);
}

TEST_CASE("KeywordIndex: without keywords nothing is found", "[matcher]") {
  CHECK(Found({}, "some text").empty());
}

TEST_CASE("KeywordIndex: thousands of keywords with equal prefixes are distinguished",
          "[matcher]") {
  std::vector<std::string> keywords;
  for (int i = 0; i < 20'000; ++i) keywords.push_back("customer number " + std::to_string(i));
  CHECK(Found(keywords, "the customer number 12345 is") == Matches{{4, "customer number 1"},
                                                                   {4, "customer number 12"},
                                                                   {4, "customer number 123"},
                                                                   {4, "customer number 1234"},
                                                                   {4, "customer number 12345"}});
}

TEST_CASE("KeywordIndex: random keywords are found at every occurrence", "[matcher]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> distinct;
    for (std::size_t i = random() % 60; i > 0; --i) {
      std::string keyword;
      for (std::size_t size = 1 + random() % 11; size > 0; --size) keyword += "ab-"[random() % 3];
      distinct.insert(keyword);
    }
    const std::vector<std::string> keywords(distinct.begin(), distinct.end());
    std::string text;
    for (std::size_t i = random() % 60; i > 0; --i) text += "ab- "[random() % 4];
    Matches expected;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      const auto is_word = [&](std::size_t at) { return text[at] == 'a' || text[at] == 'b'; };
      if (begin > 0 && is_word(begin) && is_word(begin - 1)) continue;
      for (const std::string& keyword : keywords) {
        if (text.compare(begin, keyword.size(), keyword) == 0) expected.emplace(begin, keyword);
      }
    }
    INFO(text);
    REQUIRE(Found(keywords, text) == expected);
  }
}

}  // namespace
}  // namespace countersign::text::matching
