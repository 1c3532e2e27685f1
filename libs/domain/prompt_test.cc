#include "libs/domain/prompt.h"

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace countersign::domain
