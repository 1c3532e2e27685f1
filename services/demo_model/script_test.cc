#include "services/demo_model/script.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/demo_model/completion.h"

namespace countersign::demo_model {
namespace {

ChatRequest Request(const std::string& prompt, const std::string& more = "") {
  const auto request =
      ReadChatRequest(absl::StrCat(R"({"model":"demo-1","messages":[{"role":"user","content":)",
                                   json::Quote(prompt), "}]", more, "}"));
  INFO(request.status());
  REQUIRE(request.ok());
  return *request;
}

// The concatenated text of one member of all deltas of one choice.
std::string Joined(const std::vector<std::string>& chunks, const std::string& member, int index) {
  std::string text;
  for (const std::string& chunk : chunks) {
    const auto document = json::Document::Parse(chunk);
    REQUIRE(document.ok());
    const json::Value choice = document->root()["choices"].at(0);
    if (choice["index"].integer() == index) {
      absl::StrAppend(&text, choice["delta"][member].text());
    }
  }
  return text;
}

}  // namespace

TEST_CASE("Pieces: concatenated they are the text, and none splits a character", "[demo_model]") {
  const std::string text = "4111 1111 \u20ac\U0001F600 end";
  const auto pieces = Pieces(text);
  CHECK(absl::StrJoin(pieces, "") == text);
  for (const std::string& piece : pieces) {
    CHECK((static_cast<unsigned char>(piece[0]) & 0xc0) != 0x80);
  }
}

TEST_CASE("Chunks: the stream carries the same text as the whole answer, for every choice",
          "[demo_model]") {
  const ChatRequest request = Request("the customer file", R"(,"n":2,"stream":true)");
  const Answer answer = ChooseAnswer(request);
  const auto chunks = Chunks(request, answer);
  CHECK(absl::StrContains(answer.content, "4111 1111 1111 1111"));
  CHECK(Joined(chunks, "content", 0) == answer.content);
  CHECK(Joined(chunks, "content", 1) == answer.content);
  CHECK(absl::StrContains(Completion(request, answer), answer.content));
}

TEST_CASE("Chunks: usage is sent only when requested", "[demo_model]") {
  const auto last = [](const ChatRequest& request) {
    return Chunks(request, ChooseAnswer(request)).back();
  };
  CHECK_FALSE(absl::StrContains(last(Request("x")), "total_tokens"));
  CHECK(absl::StrContains(last(Request("x", R"(,"stream_options":{"include_usage":true})")),
                          "total_tokens"));
}

TEST_CASE("ChooseAnswer: calls the offered tool", "[demo_model]") {
  const Answer answer = ChooseAnswer(Request(
      "the weather", R"(,"tools":[{"type":"function","function":{"name":"get_weather"}}])"));
  CHECK(answer.tool == "get_weather");
  CHECK(json::Document::Parse(answer.tool_arguments).ok());
}

TEST_CASE("ChooseAnswer: repeats the given text in the given pieces", "[demo_model]") {
  const ChatRequest said = Request("In pieces of 3 say exactly: a_b Cdef");
  const Answer answer = ChooseAnswer(said);
  CHECK(answer.content == "a_b Cdef");
  CHECK(Joined(Chunks(said, answer), "content", 0) == "a_b Cdef");
  CHECK(Pieces(answer.content, answer.piece_bytes) == std::vector<std::string>{"a_b", " Cd", "ef"});
  CHECK(ChooseAnswer(Request("in pieces of none say exactly: x")).piece_bytes == 4);
  CHECK(ChooseAnswer(Request("shout: a_b")).content == "A B");
  const Answer called = ChooseAnswer(Request(
      R"(call with: {"a":1})", R"(,"tools":[{"type":"function","function":{"name":"f"}}])"));
  CHECK(called.tool == "f");
  CHECK(called.tool_arguments == R"({"a":1})");
}

TEST_CASE("ReadChatRequest: refuses malformed requests", "[demo_model]") {
  CHECK_FALSE(ReadChatRequest("{").ok());
  CHECK_FALSE(ReadChatRequest("{}").ok());
  CHECK_FALSE(ReadChatRequest(R"({"model":"demo-1","messages":[]})").ok());
}

}  // namespace countersign::demo_model
