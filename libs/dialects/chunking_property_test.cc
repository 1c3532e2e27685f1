// For every dialect: the masked text does not depend on how a stream is cut into events and bytes.

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/dialects/dialects.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/sse/writer.h"
#include "libs/dialects/testing/blocks_dialect.h"
#include "libs/dialects/testing/pass_pieces.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects {
namespace {

using testing::PassPieces;
using testing::SplitIntoBytes;

// How a test writes and reads streams of one dialect, with the texts 0 and 1.
struct StreamShape {
  const Dialect& dialect;
  std::string begin;
  std::string (*delta)(int text, absl::string_view piece);
  std::string (*end_text)(int text);
  std::string end;
  // Appends the text that an event adds to each text.
  void (*join)(const json::Value& event, std::map<std::int64_t, std::string>& texts);
  int rounds = 40;             // fewer for events that are long, since each is cut everywhere
  std::string operation = "";  // of the call
};

const testing::BlocksDialect& Blocks() {
  static const testing::BlocksDialect dialect;
  return dialect;
}

const StreamShape kOpenAi{
    DefaultDialect(),
    ": hello\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n",
    [](int text, absl::string_view piece) {
      return sse::FormatEvent(absl::StrCat("{\"choices\":[{\"index\":", text,
                                           ",\"delta\":{\"content\":", json::Quote(piece), "}}]}"));
    },
    [](int text) {
      return sse::FormatEvent(absl::StrCat("{\"choices\":[{\"index\":", text,
                                           ",\"delta\":{},\"finish_reason\":\"stop\"}]}"));
    },
    "data: [DONE]\n\n",
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      const json::Value choice = event["choices"].at(0);
      texts[choice["index"].integer().value_or(-1)] +=
          std::string(choice["delta"]["content"].text());
    }};

const StreamShape kResponses{
    DefaultDialect(),
    "event: response.created\ndata: "
    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n",
    // Calls of functions: texts that clients do not join.
    [](int text, absl::string_view piece) {
      return sse::FormatEvent(
          absl::StrCat("{\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"fc_",
                       text, "\",\"output_index\":", text, ",\"delta\":", json::Quote(piece), "}"),
          "response.function_call_arguments.delta");
    },
    [](int text) {
      return sse::FormatEvent(
          absl::StrCat("{\"type\":\"response.output_item.done\",\"output_index\":", text,
                       ",\"item\":{\"type\":\"function_call\"}}"),
          "response.output_item.done");
    },
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      texts[event["output_index"].integer().value_or(-1)] += std::string(event["delta"].text());
    },
    40, "responses"};

const StreamShape kBlocks{
    Blocks(),
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\r\n\r\n",
    [](int text, absl::string_view piece) {
      return sse::FormatEvent(
          absl::StrCat("{\"type\":\"content_block_delta\",\"index\":", text,
                       ",\"delta\":{\"type\":\"text_delta\",\"text\":", json::Quote(piece), "}}"),
          "content_block_delta");
    },
    [](int text) {
      return sse::FormatEvent(
          absl::StrCat("{\"type\":\"content_block_stop\",\"index\":", text, "}"),
          "content_block_stop");
    },
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      texts[event["index"].integer().value_or(-1)] += std::string(event["delta"]["text"].text());
    }};

const StreamShape kKserve{
    *FindDialect(domain::Protocol::kKserveV2),
    "data: {\"model_name\":\"llm\",\"id\":\"1\"}\n\n",
    [](int text, absl::string_view piece) {
      return sse::FormatEvent(
          absl::StrCat("{\"model_name\":\"llm\",\"output", text, "\":", json::Quote(piece), "}"));
    },
    [](int) { return std::string(); },
    "",
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      texts[0] += std::string(event["output0"].text());
      texts[1] += std::string(event["output1"].text());
    }};

std::string AnthropicDelta(int text, absl::string_view type, absl::string_view member,
                           absl::string_view piece) {
  return sse::FormatEvent(
      absl::StrCat("{\"type\":\"content_block_delta\",\"index\":", text, ",\"delta\":{\"type\":\"",
                   type, "\",\"", member, "\":", json::Quote(piece), "}}"),
      "content_block_delta");
}
std::string AnthropicEnd(int text) {
  return sse::FormatEvent(absl::StrCat("{\"type\":\"content_block_stop\",\"index\":", text, "}"),
                          "content_block_stop");
}

const StreamShape kAnthropic{
    *FindDialect(domain::Protocol::kAnthropic),
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}"
    "\r\n\r\nevent: ping\ndata: {\"type\": \"ping\"}\n\n",
    // Tool calls: texts that clients do not join.
    [](int text, absl::string_view piece) {
      return AnthropicDelta(text, "input_json_delta", "partial_json", piece);
    },
    AnthropicEnd, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      texts[event["index"].integer().value_or(-1)] +=
          std::string(event["delta"]["partial_json"].text());
    },
    8};

// Thinking waits for its signature; without one it is masked like any text.
const StreamShape kAnthropicThinking{
    kAnthropic.dialect,
    kAnthropic.begin,
    [](int text, absl::string_view piece) {
      return AnthropicDelta(text, "thinking_delta", "thinking", piece);
    },
    AnthropicEnd,
    kAnthropic.end,
    [](const json::Value& event, std::map<std::int64_t, std::string>& texts) {
      texts[event["index"].integer().value_or(-1)] +=
          std::string(event["delta"]["thinking"].text());
    },
    8};

std::string Mask(const std::string& text) { return absl::StrReplaceAll(text, {{"SECRET", "<S>"}}); }

// The pieces of several texts, interleaved.
struct RandomStream {
  std::string bytes;
  std::string texts[2];
};

RandomStream MakeStream(const StreamShape& shape, std::mt19937& random) {
  static const std::vector<std::string> kPieces{
      "SEC", "RET", "SECRET", "S", "ECRE", "T", "\"\\", "x ", "", "\xc3\xa9", "SE\n", "CRETS"};
  RandomStream stream;
  stream.bytes = shape.begin;
  for (std::size_t i = random() % 12; i > 0; --i) {
    const int text = static_cast<int>(random() % 2);
    const std::string& piece = kPieces[random() % kPieces.size()];
    stream.texts[text] += piece;
    absl::StrAppend(&stream.bytes, shape.delta(text, piece));
  }
  for (const int text : {0, 1}) {
    if (random() % 4 != 0) absl::StrAppend(&stream.bytes, shape.end_text(text));
  }
  absl::StrAppend(&stream.bytes, shape.end);
  return stream;
}

std::map<std::int64_t, std::string> Join(const StreamShape& shape, absl::string_view caller) {
  sse::Parser parser(1 << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  REQUIRE(parser.empty());
  std::map<std::int64_t, std::string> texts;
  for (const sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (document.ok()) shape.join(document->root(), texts);
  }
  return texts;
}

std::unique_ptr<AnswerReader> Open(const StreamShape& shape) {
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = shape.operation;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return shape.dialect.OpenAnswer(call, AnswerHead{200, "text/event-stream"}, AnswerOptions());
}

std::string Pass(const StreamShape& shape, const std::vector<std::string>& pieces) {
  const auto reader = Open(shape);
  const auto passed = PassPieces(*reader, pieces);
  if (!passed.ok()) FAIL(passed.status());
  return *passed;
}

TEST_CASE("Every dialect: the masked text does not depend on how a stream is cut", "[dialects]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const StreamShape* shape :
       {&kOpenAi, &kResponses, &kBlocks, &kKserve, &kAnthropic, &kAnthropicThinking}) {
    CAPTURE(shape->dialect.name());
    for (int round = 0; round < shape->rounds; ++round) {
      const RandomStream stream = MakeStream(*shape, random);
      CAPTURE(stream.bytes);
      const std::string whole = Pass(*shape, {stream.bytes});
      auto texts = Join(*shape, whole);
      CHECK(texts[0] == Mask(stream.texts[0]));
      CHECK(texts[1] == Mask(stream.texts[1]));
      REQUIRE(Pass(*shape, SplitIntoBytes(stream.bytes)) == whole);
      for (std::size_t i = 0; i <= stream.bytes.size(); ++i) {
        if (Pass(*shape, {stream.bytes.substr(0, i), stream.bytes.substr(i)}) == whole) continue;
        CAPTURE(i);
        FAIL("a cut changed what the caller gets");
      }
    }
  }
}

TEST_CASE("Every dialect: a stream without a match passes byte for byte", "[dialects]") {
  for (const StreamShape* shape :
       {&kOpenAi, &kResponses, &kBlocks, &kKserve, &kAnthropic, &kAnthropicThinking}) {
    const std::string stream =
        absl::StrCat(shape->begin, shape->delta(0, "one "), shape->delta(1, "two"),
                     shape->delta(0, "three"), shape->end_text(0), shape->end_text(1), shape->end);
    CHECK(Pass(*shape, {stream}) == stream);
  }
}

TEST_CASE("Every dialect: held text is sent before the event that ends it", "[dialects]") {
  for (const StreamShape* shape :
       {&kOpenAi, &kResponses, &kBlocks, &kKserve, &kAnthropic, &kAnthropicThinking}) {
    const std::string stream = absl::StrCat(shape->delta(0, "SEC"), shape->end_text(0), shape->end);
    CHECK(Join(*shape, Pass(*shape, {stream}))[0] == "SEC");
    CHECK(absl::EndsWith(Pass(*shape, {stream}), absl::StrCat(shape->end_text(0), shape->end)));
    const std::string unended = absl::StrCat(shape->delta(0, "SEC"), shape->end);
    CHECK(Join(*shape, Pass(*shape, {unended}))[0] == "SEC");
    CHECK(absl::EndsWith(Pass(*shape, {unended}), shape->end));
  }
}

TEST_CASE("Every dialect: errors of the gateway have the dialect's form", "[dialects]") {
  const CallerError error = MakeCallerError("upstream_error", "no \"model\"");
  for (const StreamShape* shape :
       {&kOpenAi, &kResponses, &kBlocks, &kKserve, &kAnthropic, &kAnthropicThinking}) {
    const std::string body = shape->dialect.FormatError(error);
    CHECK(shape->dialect.ErrorBodyToEvent(body) == shape->dialect.FormatErrorEvent(error));
    CHECK_FALSE(shape->dialect.ErrorBodyToEvent("").has_value());
    CHECK_FALSE(shape->dialect.ErrorBodyToEvent("no \"error\" in JSON").has_value());
    CHECK_FALSE(shape->dialect.ErrorBodyToEvent("{\"ok\":1}").has_value());
  }
}

TEST_CASE("Every dialect: an upstream's error passes in-band without a final marker",
          "[dialects]") {
  for (const StreamShape* shape :
       {&kOpenAi, &kResponses, &kBlocks, &kKserve, &kAnthropic, &kAnthropicThinking}) {
    const std::string event =
        shape->dialect.FormatErrorEvent(MakeCallerError("upstream_error", "about SECRET"));
    const auto reader = Open(*shape);
    CHECK(PassPieces(*reader, {event}).value() == absl::StrReplaceAll(event, {{"SECRET", "<S>"}}));
    CHECK(reader->upstream_failed());
  }
}

}  // namespace
}  // namespace countersign::dialects
