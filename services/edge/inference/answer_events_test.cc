#include "services/edge/inference/answer_events.h"

#include <catch2/catch.hpp>

#include "services/edge/inference/testing/text_codec.h"

namespace countersign::edge::inference {
namespace {

std::string Show(const std::vector<Event>& events) {
  std::string shown;
  for (const Event& event : events) {
    shown += testing::TextCodec().WriteGenerate(event, grpc_calls::MessageForm::kProto);
  }
  return shown;
}

dialects::Delivery Streamed(absl::string_view json) {
  dialects::Delivery piece;
  piece.bytes = absl::StrCat("data: ", json, "\n\n");
  return piece;
}

TEST_CASE("AnswerEvents: answer, refusal and reasoning are texts of their own", "[inference]") {
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  answer.AddStreamed(Streamed(R"({"choices":[{"index":1,"delta":{"reasoning_content":"hm"}}]})"),
                     events);
  answer.AddStreamed(
      Streamed(R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":""},)"
               R"({"index":1,"delta":{"refusal":"no"},"finish_reason":"stop"}]})"),
      events);
  answer.AddStreamed(Streamed("[DONE]"), events);
  CHECK(Show(events) == "reasoning 1: hm\nanswer 0: a\nrefusal 1: no\nfinished 1: stop\n");
  CHECK(answer.text() == "a");
  CHECK_FALSE(answer.failed());
}

TEST_CASE("AnswerEvents: a message of Anthropic's API has the same events", "[inference]") {
  AnswerEvents answer(1 << 20, Api::kMessages);
  std::vector<Event> events;
  for (
      const char* json :
      {R"({"type":"message_start","message":{"content":[],"usage":{"input_tokens":5,)"
       R"("cache_read_input_tokens":2}}})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})",
       R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}})",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}})",
       R"({"type":"message_stop"})"}) {
    answer.AddStreamed(Streamed(json), events);
  }
  CHECK(Show(events) == "reasoning 0: hm\nanswer 0: a\nfinished 0: end_turn\nusage: 7 9\n");
  CHECK(answer.text() == "a");
}

TEST_CASE("AnswerEvents: a masked span counts from the begin of its own text", "[inference]") {
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  answer.AddStreamed(Streamed(R"({"choices":[{"index":0,"delta":{"content":"\u00e9\u00e9"}}]})"),
                     events);
  answer.AddStreamed(Streamed(R"({"choices":[{"index":0,"delta":{"refusal":"abc"}}]})"), events);
  dialects::Delivery piece = Streamed(R"({"choices":[{"index":0,"delta":{"content":"x<S>"}}]})");
  domain::DeliveredSpan span;
  span.field = "choices/0/content";
  span.span.begin = 1;
  span.span.end = 4;
  span.span.entity = "secret";
  piece.masked = {span};
  span.field = "whole/1/id";  // no text of a choice
  piece.masked.push_back(span);
  events.clear();
  answer.AddStreamed(piece, events);
  CHECK(Show(events) == "answer 0: x<S>\nmasked answer 0: secret 5-8\n");
}

TEST_CASE("AnswerEvents: calls of tools, in pieces and whole", "[inference]") {
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  answer.AddStreamed(
      Streamed(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_1",)"
               R"("type":"function","function":{"name":"find","arguments":""}}]}}]})"),
      events);
  answer.AddStreamed(Streamed(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,)"
                              R"("function":{"arguments":"{\"a\":1}"}}]}}]})"),
                     events);
  CHECK(Show(events) == "tool 0/1: call_1 find \ntool 0/1:   {\"a\":1}\n");
  events.clear();
  dialects::Delivery piece;
  piece.bytes =
      R"({"choices":[{"index":0,"message":{"content":null,"tool_calls":[{"id":"c","type":)"
      R"("function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})";
  answer.AddDocument(piece, events);
  CHECK(Show(events) == "tool 0/0: c f {}\nfinished 0: tool_calls\n");
}

TEST_CASE("AnswerEvents: a document", "[inference]") {
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  dialects::Delivery piece;
  piece.bytes = R"({"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"length"}],)"
                R"("usage":{"prompt_tokens":3,"completion_tokens":-2}})";
  answer.AddDocument(piece, events);
  CHECK(Show(events) == "answer 0: a\nfinished 0: length\nusage: 3 0\n");
}

TEST_CASE("AnswerEvents: errors of the model's server, in both of their forms", "[inference]") {
  for (const char* json : {R"({"error":{"message":"full"}})", R"({"error":"full"})"}) {
    AnswerEvents answer(1 << 20);
    std::vector<Event> events;
    answer.AddStreamed(Streamed(json), events);
    CHECK(answer.failed());
    CHECK(answer.failure() == "full");
    CHECK(events.empty());
  }
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  answer.AddStreamed(Streamed(R"({"error":null,"choices":[]})"), events);
  CHECK_FALSE(answer.failed());
}

TEST_CASE("AnswerEvents: of an endless answer only so much is kept", "[inference]") {
  AnswerEvents answer(2 * AnswerEvents::kMostText);
  std::vector<Event> events;
  const std::string text(AnswerEvents::kMostText, 'a');
  for (int i = 0; i < 3; ++i) {
    answer.AddStreamed(
        Streamed(absl::StrCat(R"({"choices":[{"index":0,"delta":{"content":")", text, R"("}}]})")),
        events);
  }
  CHECK(events.size() == 3);
  CHECK(answer.text().size() == 2 * text.size());
}

TEST_CASE("AnswerEvents: choices that nobody can have asked for", "[inference]") {
  AnswerEvents answer(1 << 20);
  std::vector<Event> events;
  for (const char* index : {"-1", "4294967296", "1e300"}) {
    answer.AddStreamed(
        Streamed(absl::StrCat(R"({"choices":[{"index":)", index, R"(,"delta":{"content":"a"}}]})")),
        events);
  }
  // A number that is no integer counts as none: the position tells the choice.
  CHECK(Show(events) == "answer 0: a\n");
}

}  // namespace
}  // namespace countersign::edge::inference
