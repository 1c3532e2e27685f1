#include "libs/domain/prompt.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace countersign::domain {
namespace {

Prompt MakePrompt() {
  Prompt prompt;
  prompt.parts = {{"user", "/a", "plu", 1},
                  {"user", "/b", "alone"},
                  {"user", "/c", "tonium", 1},
                  {"user", "/d", "next", 1, true},
                  {"user", "/e", "other", 2}};
  return prompt;
}

TEST_CASE("JoinParts: parts of one group are one text, others are separate", "[domain]") {
  const std::vector<JoinedText> texts = JoinParts(MakePrompt());
  REQUIRE(texts.size() == 3);
  CHECK(texts[0].text == "plutonium\nnext");
  CHECK(texts[1].text == "alone");
  CHECK(texts[2].text == "other");
}

TEST_CASE("HasJoinedParts: a group with one part is not joined", "[domain]") {
  Prompt prompt = MakePrompt();
  CHECK(HasJoinedParts(prompt));
  prompt.parts.resize(2);
  CHECK_FALSE(HasJoinedParts(prompt));
  CHECK_FALSE(HasJoinedParts(Prompt()));
}

TEST_CASE("JoinParts: segments say where each part begins", "[domain]") {
  const Prompt prompt = MakePrompt();
  for (const char* between : {"", "\n"}) {
    for (const JoinedText& text : JoinParts(prompt, between)) {
      for (const JoinedText::Segment& segment : text.segments) {
        const std::string& own = prompt.parts[segment.part].text;
        CHECK(text.text.substr(segment.begin, own.size()) == own);
      }
    }
  }
  CHECK(JoinParts(prompt, "\n")[0].text == "plu\ntonium\nnext");
}

TEST_CASE("JoinParts: random prompts: each part once, texts in the order of their first part",
          "[domain]") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    Prompt prompt;
    const std::size_t count = random() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      prompt.parts.push_back({"user", "/p", std::string(random() % 4, static_cast<char>('a' + i)),
                              static_cast<std::uint32_t>(random() % 4), random() % 2 == 0});
    }
    std::vector<bool> seen(count);
    std::size_t last_first = 0;
    bool several = false;
    for (const JoinedText& text : JoinParts(prompt, "|")) {
      REQUIRE_FALSE(text.segments.empty());
      CHECK(text.segments[0].part >= last_first);
      last_first = text.segments[0].part;
      several = several || text.segments.size() > 1;
      std::string expected;
      for (const JoinedText::Segment& segment : text.segments) {
        const TextPart& part = prompt.parts[segment.part];
        CHECK_FALSE(seen[segment.part]);
        seen[segment.part] = true;
        if (&segment != &text.segments[0]) expected += part.breaks_line ? "\n" : "|";
        CHECK(segment.begin == expected.size());
        CHECK(part.group == prompt.parts[text.segments[0].part].group);
        expected += part.text;
      }
      CHECK(text.text == expected);
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == static_cast<std::ptrdiff_t>(count));
    CHECK(several == HasJoinedParts(prompt));
  }
}

}  // namespace
}  // namespace countersign::domain
