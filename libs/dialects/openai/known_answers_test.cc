#include "libs/dialects/openai/known_answers.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::openai {
namespace {

json::Document Parsed(absl::string_view text) {
  auto document = json::Document::Parse(text);
  INFO(text);
  REQUIRE(document.ok());
  return *std::move(document);
}
bool ChunkKnown(absl::string_view text) { return IsKnownChunk(Parsed(text).root()); }
bool BodyKnown(absl::string_view text) { return IsKnownBody(Parsed(text).root()); }

TEST_CASE("IsKnownChunk: chunks of a completion and errors, with any other members", "[dialects]") {
  CHECK(ChunkKnown(R"({"object":"chat.completion.chunk","choices":[{"delta":{}}]})"));
  CHECK(ChunkKnown(R"({"choices":[],"usage":{"prompt_tokens":1}})"));
  CHECK(ChunkKnown(R"({"object":"","choices":[],"prompt_filter_results":[]})"));
  CHECK(ChunkKnown(R"({"error":{"message":"no"}})"));
  CHECK(ChunkKnown(R"({"type":"error","error":"no"})"));
}

TEST_CASE("IsKnownChunk: other objects, other types and no objects are unknown", "[dialects]") {
  CHECK_FALSE(ChunkKnown(R"({"type":"response.output_text.delta","delta":"x"})"));
  CHECK_FALSE(ChunkKnown(R"({"type":"x","choices":[]})"));
  CHECK_FALSE(ChunkKnown(R"({"object":"thread.message.delta","choices":[]})"));
  CHECK_FALSE(ChunkKnown(R"({"object":7,"choices":[]})"));
  CHECK_FALSE(ChunkKnown(R"({"choices":["text"]})"));
  CHECK_FALSE(ChunkKnown(R"({"choices":{}})"));
  CHECK_FALSE(ChunkKnown(R"({"error":null})"));
  CHECK_FALSE(ChunkKnown(R"({"delta":"x"})"));
  CHECK_FALSE(ChunkKnown(R"(["x"])"));
  CHECK_FALSE(ChunkKnown(R"("x")"));
}

TEST_CASE("IsKnownBody: completions, models and errors", "[dialects]") {
  CHECK(BodyKnown(R"({"object":"chat.completion","choices":[{"message":{}}],"more":1})"));
  CHECK(BodyKnown(R"({"object":"list","data":[{"id":"m"}]})"));
  CHECK(BodyKnown(R"({"object":"model","id":"m"})"));
  CHECK(BodyKnown(R"({"error":{"message":"no"}})"));
  CHECK_FALSE(BodyKnown(R"({"object":"response","output":[]})"));
  CHECK_FALSE(BodyKnown(R"({"object":"list","data":"x"})"));
  CHECK_FALSE(BodyKnown(R"({"output":"x"})"));
  CHECK_FALSE(BodyKnown(R"([])"));
}

TEST_CASE("IsKnownEventName: no name, or one of a chat completion's events", "[dialects]") {
  for (const char* rest : {"", ": event: odd\n", "id: 7\nretry: 3\n", "event: message\n",
                           "event:error\n", "event\n", "eventual: odd\n"}) {
    INFO(rest);
    CHECK(IsKnownEventName(rest));
  }
  for (const char* rest : {"event: odd\n", "event:odd\n", "id: 1\nevent: ping\n", "event:  x\n"}) {
    INFO(rest);
    CHECK_FALSE(IsKnownEventName(rest));
  }
}

TEST_CASE("UnknownAnswerError: has its reason", "[dialects]") {
  CHECK(GetReason(answers::UnknownAnswerError()) == kUnknownEvent);
}

}  // namespace
}  // namespace countersign::dialects::openai
