// Texts whose written form differs from what a model reads: JSON escapes in strings, and texts in
// several parts.

#include <catch2/catch.hpp>

#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/text_engine.h"
#include "services/policy/testing/rule_fixture.h"

namespace countersign::policy::rules {
namespace {

// Denies a word, a pattern and a word with an umlaut, with the real engine.
domain::Decision Ask(const domain::Prompt& prompt) {
  static const LocalTextEngine engine;
  static const auto snapshot = [] {
    auto set = MakeSet({Allow("everyone"),
                        When(Deny("d"), Any({Keywords("hidden"), Pattern("(?i)drop\\s+table")}))});
    set->connections["other"].tokenizer = "cl100k_base";
    set->dictionaries["hidden"].terms = {"plutonium", "größe"};
    return CompileSnapshot(set, engine, nullptr).value();
  }();
  const std::string connection = "openai";
  return Evaluate(*snapshot, {Ann(), connection, prompt}).value();
}

domain::Prompt Parts(std::vector<domain::TextPart> parts) {
  domain::Prompt prompt = UserSays("");
  prompt.parts = std::move(parts);
  return prompt;
}

TEST_CASE("Hidden text: policies match text behind the escapes of a document", "[policy]") {
  for (const char* text :
       {R"({"q":"p\u006cutonium"})", R"("drop\ntable")", R"({"title":"Gr\u00f6\u00dfe 5"})",
        R"({"q":"{\"r\":\"p\\u006cutonium\"}"})", R"([{"a":["please DROP\ttable"]}])",
        R"(The result is {"q":"drop\ntable"} as it came)", R"({"q":"drop\/","r":"pl\u0075tonium"})",
        R"({"plutoniu\u006d":1})", R"(p\154utonium)", R"({"q":"pl\\165tonium"})",
        R"(p\u006cutonium\123)"}) {
    CAPTURE(text);
    CHECK(Ask(UserSays(text)).policy == "d");
  }
  CHECK(Ask(UserSays(R"({"q":"plu\ttonium"})")).policy == "everyone");
}

TEST_CASE("Hidden text: a finding has the position in the original text", "[policy]") {
  const std::string text = R"({"q":"some p\u006cutonium"})";
  const domain::Decision decision = Ask(UserSays(text));
  REQUIRE(decision.findings.size() == 1);
  CHECK(text.substr(decision.findings[0].begin,
                    decision.findings[0].end - decision.findings[0].begin) == R"(p\u006cutonium)");
}

TEST_CASE("Hidden text: the parts of a message are one text, spans map back to them", "[policy]") {
  const domain::Decision decision = Ask(Parts({{"user", "/messages/0/content/0", "some plu", 1},
                                               {"user", "/messages/0/content/1", "tonium", 1}}));
  CHECK(decision.policy == "d");
  REQUIRE(decision.findings.size() == 2);
  CHECK(decision.findings[0].part == 0);
  CHECK(decision.findings[0].begin == 5);
  CHECK(decision.findings[0].end == 8);
  CHECK(decision.findings[1].part == 1);
  CHECK(decision.findings[1].begin == 0);
  CHECK(decision.findings[1].end == 6);
  // With and without a line break between them.
  CHECK(Ask(Parts({{"user", "/a", "please drop ", 1}, {"user", "/b", "table", 1}})).policy == "d");
  CHECK(Ask(Parts({{"user", "/a", "please drop", 1}, {"user", "/b", "table", 1}})).policy == "d");
  CHECK(Ask(Parts({{"user", "/a", "plu"}, {"user", "/b", "tonium"}})).policy == "everyone");
}

TEST_CASE("Hidden text: messages of one role are one text with a line break between", "[policy]") {
  CHECK(Ask(Parts({{"user", "/a", "drop", 1}, {"user", "/b", "table", 1, true}})).policy == "d");
  CHECK(Ask(Parts({{"user", "/a", "plu", 1}, {"user", "/b", "tonium", 1, true}})).policy ==
        "everyone");
}

TEST_CASE("Hidden text: tokens are counted per part, not over joined parts", "[policy]") {
  const domain::Prompt apart = Parts({{"user", "/a", "plu"}, {"user", "/b", "tonium"}});
  const domain::Prompt joined = Parts({{"user", "/a", "plu", 1}, {"user", "/b", "tonium", 1}});
  CHECK(Ask(apart).prompt_tokens == Ask(joined).prompt_tokens);
}

}  // namespace
}  // namespace countersign::policy::rules
