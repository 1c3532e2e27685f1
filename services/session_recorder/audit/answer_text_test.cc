#include "services/session_recorder/audit/answer_text.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::session_recorder::audit {
namespace {

std::string Event(const std::string& json) { return absl::StrCat("data: ", json, "\n\n"); }

bool Contains(const AnswerText& answer, absl::string_view needle) {
  bool found = false;
  answer.ForEach([&](absl::string_view text) {
    found = ContainsCaseless(text, needle);
    return !found;
  });
  return found;
}

TEST_CASE("AnswerText: a body is searched by its texts, whole or in several pieces",
          "[session_recorder]") {
  const std::string body =
      R"({"id":"chatcmpl-secretid","choices":[{"message":{"content":"the quick\nfox"}}]})";
  AnswerText whole;
  whole.Add(body);
  AnswerText pieces;
  for (std::size_t at = 0; at < body.size(); at += 7) pieces.Add(body.substr(at, 7));
  for (const AnswerText* text : {&whole, &pieces}) {
    CHECK(Contains(*text, "quick\nfox"));  // decoded
    CHECK_FALSE(Contains(*text, "quick\\n"));
    CHECK_FALSE(Contains(*text, "secretid"));
  }
}

TEST_CASE("AnswerText: tool calls, refusals and reasoning are texts of their own",
          "[session_recorder]") {
  AnswerText text;
  for (const char* each :
       {R"("reasoning_content":"think")", R"("content":"say")", R"("refusal":"no")",
        R"("tool_calls":[{"index":1,"function":{"arguments":"{\"a\":"}}])",
        R"("tool_calls":[{"index":0,"function":{"arguments":"[1,"}}])",
        R"("tool_calls":[{"index":1,"function":{"arguments":"\"paris\"}"}}])",
        R"("reasoning_content":"ing")"}) {
    text.Add(Event(absl::StrCat(R"({"choices":[{"index":0,"delta":{)", each, "}}]}")));
  }
  CHECK(Contains(text, "thinking"));
  CHECK(Contains(text, "{\"a\":\"paris\"}"));
  CHECK_FALSE(Contains(text, "[1,\"paris\"}"));
  CHECK_FALSE(Contains(text, "sayno"));
}

TEST_CASE("AnswerText: one piece may have several events, with any line end",
          "[session_recorder]") {
  AnswerText text;
  text.Add(
      "event: a\r\ndata: {\"delta\":{\"text\":\"one \"}}\r\n\r\n"
      ": comment\r\ndata:{\"delta\":{\"text\":\"two\"}}\r\n\r\n");
  CHECK(Contains(text, "one two"));
  CHECK_FALSE(Contains(text, "comment"));
}

TEST_CASE("AnswerText: an answer without texts has none", "[session_recorder]") {
  AnswerText text;
  CHECK_FALSE(Contains(text, "x"));
  text.Add("");
  text.Add(Event(R"({"usage":{"prompt_tokens":3}})"));
  text.Add(Event(R"({"choices":[{"delta":{"role":"assistant"}}]})"));
  CHECK_FALSE(Contains(text, "assistant"));
  CHECK_FALSE(Contains(text, "usage"));
}

TEST_CASE("ContainsCaseless: ignores the case of ASCII only", "[session_recorder]") {
  CHECK(ContainsCaseless("Hello World", "o w"));
  CHECK(ContainsCaseless("abc", "ABC"));
  CHECK(ContainsCaseless("aab", "AB"));
  CHECK_FALSE(ContainsCaseless("abc", "abcd"));
  CHECK_FALSE(ContainsCaseless("", "a"));
  CHECK_FALSE(ContainsCaseless("\xc3\xa9", "\xc3\x89"));  // é and É
  CHECK_FALSE(ContainsCaseless("[", "{"));                // they differ in one bit, as a and A do
}

}  // namespace
}  // namespace countersign::session_recorder::audit
