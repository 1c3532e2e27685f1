#include "services/session_recorder/audit/text_filter.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "services/session_recorder/audit/answer_text.h"

namespace countersign::session_recorder::audit {
namespace {

SecretString Key(char byte) { return SecretString(std::string(32, byte)); }

std::string RandomText(std::mt19937& dice, std::size_t size) {
  static constexpr absl::string_view kLetters = "abcdefghiKLMNOP 0123\xc3\xa9\n";
  std::string text;
  while (text.size() < size) text.push_back(kLetters[dice() % kLetters.size()]);
  return text;
}

}  // namespace

TEST_CASE("TextFilter: never rules out what a text has, in either case",
          "[session_recorder][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  for (int round = 0; round < 200; ++round) {
    TextFilterBuilder builder;
    std::vector<std::string> texts;
    for (std::size_t n = dice() % 4; n-- > 0;) texts.push_back(RandomText(dice, dice() % 3000));
    for (const std::string& text : texts) builder.Add(text);
    const std::string filter = builder.Build(Key('k'));
    for (const std::string& text : texts) {
      if (text.empty()) continue;
      const std::size_t begin = dice() % text.size();
      std::string needle = text.substr(begin, 1 + dice() % 200);
      for (char& c : needle) c = dice() % 2 == 0 ? absl::ascii_toupper(c) : absl::ascii_tolower(c);
      REQUIRE(ContainsCaseless(text, needle));
      REQUIRE(TextNeedle(needle).MayBeIn(filter, Key('k')));
    }
  }
}

TEST_CASE("TextFilter: rules out nearly all texts without a needle of a few words",
          "[session_recorder]") {
  std::mt19937 dice(7);
  const TextNeedle needle("quarterly zebra");
  int ruled_out = 0;
  for (int n = 0; n < 500; ++n) {
    TextFilterBuilder builder;
    builder.Add(RandomText(dice, 2000));
    if (!needle.MayBeIn(builder.Build(Key('k')), Key('k'))) ++ruled_out;
  }
  CHECK(ruled_out >= 499);
}

TEST_CASE("TextFilter: more groups than it can hold rule nothing out", "[session_recorder]") {
  std::mt19937 dice(8);
  std::string text(4u << 20, ' ');
  for (char& c : text) c = static_cast<char>(dice());
  TextFilterBuilder builder;
  builder.Add(text);
  builder.Add("the last words");
  const std::string filter = builder.Build(Key('k'));
  CHECK(filter.size() == 64u << 10);
  CHECK(TextNeedle("the last words").MayBeIn(filter, Key('k')));
  CHECK(TextNeedle("never said").MayBeIn(filter, Key('k')));
}

TEST_CASE("TextFilter: is keyed with the session's key", "[session_recorder]") {
  TextFilterBuilder builder;
  builder.Add("the quarterly report");
  const std::string filter = builder.Build(Key('a'));
  CHECK(TextNeedle("quarterly report").MayBeIn(filter, Key('a')));
  CHECK_FALSE(TextNeedle("quarterly report").MayBeIn(filter, Key('b')));
  CHECK(builder.Build(Key('b')) != filter);
}

TEST_CASE("TextFilter: short needles, and what is no filter, rule nothing out",
          "[session_recorder]") {
  TextFilterBuilder builder;
  builder.Add("x");
  const std::string filter = builder.Build(Key('k'));
  CHECK(filter.size() == 64);
  CHECK(TextNeedle("ab").MayBeIn(filter, Key('k')));
  CHECK_FALSE(TextNeedle("ab").selective());
  CHECK_FALSE(TextNeedle("abc").MayBeIn(filter, Key('k')));
  for (const std::string& none : {std::string(), std::string(65, '\0'), std::string(32, '\0')}) {
    CHECK(TextNeedle("abc").MayBeIn(none, Key('k')));
  }
}

TEST_CASE("TextFilter: its size is bounded, however large the texts are", "[session_recorder]") {
  std::mt19937 dice(7);
  TextFilterBuilder builder;
  std::string text(3u << 20, '\0');
  for (char& byte : text) byte = static_cast<char>(dice());
  builder.Add(text);
  const std::string filter = builder.Build(Key('k'));
  CHECK(filter.size() == 64u << 10);
  CHECK(TextNeedle(text.substr(1000, 40)).MayBeIn(filter, Key('k')));
}

}  // namespace countersign::session_recorder::audit
