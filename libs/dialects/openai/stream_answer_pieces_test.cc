// Texts in pieces at all places of a stream: whatever the place's name, and whether its strings go
// on, repeat themselves or grow, what is sent spells no match.

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/dialects/testing/openai_streams.h"

namespace countersign::dialects::openai {
namespace {

using testing::Delta;
using testing::Finished;
using testing::kDone;
using testing::MaskWhole;
using testing::Pass;
using testing::PassAllCuts;
using testing::Passed;

using testing::EngineMasking;

// One event per piece, which replaces each `@`.
std::string EventPerPiece(absl::string_view event, const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    absl::StrAppend(&bytes, absl::StrReplaceAll(event, {{"@", piece}}), "\n\n");
  }
  return bytes;
}
std::string Events(absl::string_view members, const std::vector<std::string>& pieces) {
  return EventPerPiece(absl::StrCat("data: {", members, "}"), pieces);
}
Passed PassEach(absl::string_view event, const std::vector<std::string>& pieces) {
  return Pass({EventPerPiece(event, pieces) + kDone});
}
const std::vector<std::string> kCard = {"a 4111 ", "1111", " 111", "1 1111", " b"};

// The strings of `value` at x, y, z and w, concatenated.
void AppendStrings(const json::Value& value, std::string& joined, bool unknown = false) {
  if (unknown && value.is(json::Type::kString)) absl::StrAppend(&joined, value.text());
  for (std::size_t i = 0; value.is(json::Type::kArray) && i < value.size(); ++i) {
    AppendStrings(value.at(i), joined, unknown);
  }
  for (std::size_t i = 0; value.is(json::Type::kObject) && i < value.size(); ++i) {
    const absl::string_view key = value.key(i);
    AppendStrings(value.at(i), joined, unknown || (key.size() == 1 && key >= "w"));
  }
}

TEST_CASE("values that are complete in every event pass as they are", "[dialects]") {
  const std::vector<std::string> times = {"2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.250Z",
                                          "2026-01-01T00:00:01Z", "2026-01-01T00:00:02.000Z"};
  const std::vector<std::string> ids = {"0190a9c0-7b1e-7cc3-98c4-dc0c0c07398f",
                                        "0190a9c0-7b1f-7cc3-98c4-dc0c0c074000",
                                        "0190a9c0-7b20-7cc3-98c4-dc0c0c074111"};
  for (const std::vector<std::string>* values : {&times, &ids}) {
    for (const char* event :
         {R"(data: {"created_at":"@","choices":[{"index":0,"delta":{"content":"x"}}]})",
          R"(data: {"choices":[{"index":0,"at":"@","delta":{"content":"x","stamp":"@"}}]})"}) {
      INFO(event);
      const std::string bytes = EventPerPiece(event, *values) + Finished() + kDone;
      CHECK(PassAllCuts(bytes) == bytes);
    }
  }
  std::string formats;
  for (int i = 0; i < 10; ++i) {
    formats += Delta(R"("content":"","reasoning_details":[{"type":"reasoning.text",)"
                     R"("text":"the","format":"anthropic-claude-v1","index":0}])");
  }
  formats += Finished() + kDone;
  CHECK(Pass({formats}).caller == formats);
}

TEST_CASE("what a model has sealed comes whole", "[dialects]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  for (const std::size_t size : {300, 303, 900}) {
    std::string random(size, '\0');
    for (char& c : random) c = static_cast<char>(dice());
    // Ends like a number that may go on, which would be held back of a text.
    const std::string sealed = absl::Base64Escape(random) + "41111111";
    for (const char* members :
         {R"("content":"","reasoning_details":[{"type":"reasoning.encrypted","data":"@"}])",
          R"("content":"","reasoning_details":[{"type":"reasoning.text","signature":"@"}])",
          R"("content":"","thinking_blocks":[{"type":"thinking","signature":"@"}])",
          R"("content":"","extra_content":{"google":{"thought_signature":"@"}})"}) {
      INFO(members);
      const std::string bytes = Delta(absl::StrReplaceAll(members, {{"@", sealed}})) +
                                Delta(R"("content":" ok")") + Finished() + kDone;
      const Passed passed = Pass({bytes});
      CHECK(passed.status.ok());
      CHECK(passed.caller == bytes);
    }
  }
}

TEST_CASE("adversarial 18: pieces at one place are one text, whatever its name", "[dialects]") {
  for (const char* members :
       {R"("choices":[{"index":0,"delta":{"content":"@"},"message":{"content":"@"}}])",
        R"("choices":[{"index":0,"message":{"content":"@"}}])",
        R"("choices":[{"index":0,"message":{"tool_calls":[{"index":0,
              "function":{"arguments":"@"}}]}}])",
        R"("choices":[{"index":0,"message":{"tool_calls":[{"function":{"arguments":"@"}}]}}])",
        R"("choices":[],"reasoning":"@")", R"("reasoning":"@")",
        R"("choices":[{"index":0,"x":{"text":"@"}}])",
        R"("choices":[{"index":0,"delta":{"segments":[{"transcript":"@"}]}}])",
        R"("choices":[{"index":0,"delta":{"audio":{"transcript":"@"}}}])",
        R"("choices":[{"index":0,"delta":{"x":[{"y":{"z":["@"]}}]}}])"}) {
    CAPTURE(members);
    const std::string caller = PassAllCuts(
        Events(absl::StrReplaceAll(members, {{"\n              ", ""}}), kCard) + kDone);
    CHECK(absl::StrContains(caller, "<N>"));
    CHECK(!absl::StrContains(caller, "4111"));
    CHECK(!absl::StrContains(caller, "1111"));
  }
}

TEST_CASE("adversarial 18: a match in a text that repeats and grows is masked", "[dialects]") {
  for (const char* members :
       {R"("choices":[{"index":0,"x":{"y":"@"}}])", R"("choices":[],"state":{"so_far":"@"})"}) {
    CAPTURE(members);
    std::vector<std::string> pieces;
    const std::string text = "the card 4111 1111 1111 1111 and more";
    for (std::size_t size = 9; size < text.size(); size += 3)
      pieces.push_back(text.substr(0, size));
    pieces.push_back(text);
    const std::string caller = PassAllCuts(Events(members, pieces) + kDone);
    CHECK(absl::StrContains(caller, "the card <N> and more\""));
    CHECK(!absl::StrContains(caller, "411"));
    CHECK(!absl::StrContains(caller, "111"));
    // Without a match it is unchanged.
    pieces = {"the cards", "the cards are", "the cards are 4 ", "the cards are 4 of 5."};
    const std::string clear = Events(members, pieces) + kDone;
    CHECK(PassAllCuts(clear) == clear);
  }
}

TEST_CASE("adversarial 18: an unknown place is one text from its first piece on", "[dialects]") {
  const std::string members = R"("choices":[{"index":0,"x":{"y":"@"}}])";
  const std::string caller =
      PassAllCuts(Events(members, {"a PRJ-", "12 b ", "4111 1111", " 1111 ", "1111 c"}) + kDone);
  CHECK(caller == Events(members, {"a ", "<P> b ", "", "", "<N> c"}) + kDone);
}

TEST_CASE("adversarial 18: the first piece at an unknown place may be followed by other events",
          "[dialects]") {
  const std::string other = Delta(R"("content":"hi ")");
  for (const char* members : {R"("choices":[{"index":0,"x":{"y":"@"}}])", R"("choices":[],"z":"@")",
                              R"("type":"a.b","z":{"w":"@"})"}) {
    for (const std::size_t between : {1, 3, 200}) {
      CAPTURE(members, between);
      std::string bytes = Events(members, {"n 4111 1111 1111 111"});
      for (std::size_t i = 0; i < between; ++i) bytes += other;
      const Passed passed = Pass({bytes + Events(members, {"1", " end"}) + kDone});
      REQUIRE(passed.status.ok());
      CHECK(absl::StrContains(passed.caller, "<N>"));
      CHECK(!absl::StrContains(passed.caller, "111"));
    }
  }
}

TEST_CASE("adversarial 18: a text that grows shows no match in its first event", "[dialects]") {
  const std::string members = R"("choices":[{"index":0,"x":{"y":"@"}}])";
  const std::string caller = PassAllCuts(
      Events(members, {"4111 1111 1111 111", "4111 1111 1111 1111", "4111 1111 1111 1111 ok"}) +
      kDone);
  CHECK(absl::StrContains(caller, "<N> ok"));
  CHECK(!absl::StrContains(caller, "111"));
}

TEST_CASE("adversarial 18: known members that repeat and grow spell no match", "[dialects]") {
  for (
      const char* members :
      {R"("choices":[{"index":0,"delta":{"content":"@"}}])",
       R"("choices":[{"index":0,"delta":{"content":"@"},"message":{"content":"@"}}])",
       R"("choices":[{"index":0,"delta":{"reasoning":"@"}}])",
       R"("choices":[{"index":0,"message":{"content":"@"}}])",
       R"("choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}])",
       R"("choices":[{"index":0,"message":{"tool_calls":[{"function":{"arguments":"@"}}]}}])",
       R"("choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"@"}}]}}])",
       R"("choices":[{"index":0,"delta":{"function_call":{"arguments":"@"}}}])",
       R"("type":"x.delta","delta":"@")"}) {
    for (const std::string text :
         {"4111 1111 1111 1111", "the card 4111 1111 1111 1111 and more"}) {
      CAPTURE(members, text);
      std::vector<std::string> pieces;
      for (std::size_t size = 4; size < text.size(); size += 3)
        pieces.push_back(text.substr(0, size));
      pieces.push_back(text);
      pieces.push_back(text);
      const std::string caller = PassAllCuts(Events(members, pieces) + kDone);
      CHECK(absl::StrContains(caller, "<N>"));
      CHECK(!absl::StrContains(caller, "4111 1111 1111"));
      // Without a match everything is sent as it came.
      std::vector<std::string> clear = {"card", "card of", "card of the", "card of the house"};
      CHECK(PassAllCuts(Events(members, clear) + kDone) == Events(members, clear) + kDone);
    }
  }
}

TEST_CASE("adversarial 18: pieces at unknown places after a finish reason are one text",
          "[dialects]") {
  for (const char* members :
       {R"("choices":[{"index":0,"x":{"y":"@"}}])",
        R"("choices":[{"index":0,"delta":{"x":[{"y":{"z":["@"]}}]}}])",
        R"("choices":[{"index":0,"delta":{},"finish_reason":"stop","x":{"y":"@"}}])",
        R"("choices":[],"z":"@","usage":{"total_tokens":5})", R"("choices":[],"z":{"w":["@"]})",
        R"("z":{"w":"@"})", R"("type":"a.b","z":{"w":"@"})", R"("error":{"x":{"y":"@"}})"}) {
    for (const std::vector<std::string>& pieces : {kCard,
                                                   {"4111 1111 1111 111", "1"},
                                                   {"4111 1111 11", "11 1111"},
                                                   {"11", "4111 1111 1111 1111"},
                                                   {"PR", "J-1", "2"}}) {
      CAPTURE(members, pieces);
      const std::string first = Events(members, {pieces.front()});
      const std::string rest =
          Events(members, std::vector<std::string>(pieces.begin() + 1, pieces.end()));
      for (const std::string& bytes :
           {Delta(R"("content":"hi")") + Finished() + first + rest + kDone,
            Delta(R"("content":"hi")") + first + Finished() + rest + kDone,
            Delta(R"("content":"hi 4111 ")") + Finished() + first + rest,
            first + Finished() + rest}) {
        const Passed passed = Pass({bytes});
        CAPTURE(bytes, passed.caller, passed.status);
        std::string joined;
        sse::Parser parser(1 << 20);
        std::vector<sse::Event> events;
        REQUIRE(parser.Feed(passed.caller, events).ok());
        for (const sse::Event& event : events) {
          const auto document = json::Document::Parse(event.data);
          if (document.ok()) AppendStrings(document->root(), joined);
        }
        CHECK(MaskWhole(joined) == joined);
      }
    }
  }
}

TEST_CASE("adversarial 18: values of identifiers, comments and ids of events spell no match",
          "[dialects]") {
  const std::vector<std::string> pieces = {"x", "a 4111 ", "1111 1111", " 1111", "y"};
  for (const char* event :
       {R"(data: {"id":"@","choices":[{"index":0,"delta":{"content":"hi"}}]})",
        R"(data: {"system_fingerprint":"@","choices":[]})",
        R"(data: {"model":{"x":"@"},"choices":[]})",
        R"(data: {"type":"@","delta":"hi"})",
        R"(data: {"item_id":"@","delta":"hi"})",
        R"(data: {"choices":[{"index":0,"delta":{"role":"@"}}]})",
        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"@"}]})",
        R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"@"}]}}]})",
        R"(data: {"choices":[{"index":0,"message":{"tool_calls":[{"id":"@"}]}}]})",
        R"(data: {"choices":[{"index":0,"delta":{"content":[{"type":"@"}]}}]})",
        R"(data: {"choices":[{"index":0,"delta":{"content":[["@"]]}}]})",
        R"(data: {"choices":["@"]})",
        R"(data: {"choices":[["@"]]})",
        R"(data: "@")",
        R"(data: ["@"])",
        R"(data: [{"id":"@"}])",
        R"(data: {"choices":[],"usage":{"total_tokens":5,"note":"@"}})",
        R"(data: {"choices":[],"usage":{"id":"@"}})",
        R"(data: {"choices":[],"type":["@"]})",
        R"(data: {"error":{"code":"@","message":"no"}})",
        R"(data: {"error":"@"})",
        ": @",
        "id: @\ndata: {\"choices\":[]}",
        "event: @\ndata: {\"choices\":[]}",
        "retry: @\ndata: {\"choices\":[]}"}) {
    CAPTURE(event);
    const Passed passed = PassEach(event, pieces);
    CAPTURE(passed.caller);
    REQUIRE(passed.status.ok());
    std::string spelled = passed.caller;
    for (const char* between : {"\n", "data: ", "id: ", "event: ", "retry: ", ": "}) {
      spelled = absl::StrReplaceAll(spelled, {{between, ""}});
    }
    const auto halves =
        std::vector<std::string>(absl::StrSplit(absl::StrReplaceAll(event, {{"data: ", ""},
                                                                            {"id: ", ""},
                                                                            {"event: ", ""},
                                                                            {"retry: ", ""},
                                                                            {": ", ""},
                                                                            {"\n", ""}}),
                                                '@'));
    // Without what stands around the pieces they are one text.
    spelled = absl::StrReplaceAll(spelled, {{halves[1] + halves[0], ""}});
    CHECK(MaskWhole(spelled) == spelled);
    CHECK(absl::StrContains(passed.caller, "y"));
  }
}

TEST_CASE("adversarial 18: pieces that follow a usual value, or are all of an event",
          "[dialects]") {
  const auto pass = [](const std::string& event, const std::vector<std::string>& pieces) {
    const Passed passed = PassEach(event, pieces);
    REQUIRE(passed.status.ok());
    return passed.caller;
  };
  const std::string role = R"(data: {"choices":[{"index":0,"delta":{"role":"@"}}]})";
  const std::string answer = pass(role, {"assistant", "4111 1111 ", "1111 1111"});
  CHECK(absl::StrContains(answer, "<N>"));
  CHECK_FALSE(absl::StrContains(answer, "1111 1111"));
  CHECK(absl::StrContains(pass("data: @", {"4111", "1111", "1111", "1111"}), "data: \"<N>\""));
  // Words before a piece with a digit belong to it.
  const std::string key = R"(data: {"choices":[],"z":"@"})";
  CHECK_FALSE(absl::StrContains(pass(key, {"PR", "J-", "1", "2"}), R"("z":"2")"));
}

TEST_CASE("adversarial 18: equal pieces are pieces, too", "[dialects]") {
  for (const char* event :
       {R"(data: {"id":"@","choices":[{"index":0,"delta":{"content":"hi"}}]})",
        R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"@"}]}}]})",
        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"@"}]})",
        R"(data: {"choices":[{"index":0,"x":{"y":"@"}}]})", R"(data: {"choices":[],"z":["@"]})",
        ": @", "id: @\ndata: {\"choices\":[]}"}) {
    for (const std::vector<std::string>& pieces :
         {std::vector<std::string>{"4242 ", "4242 ", "4242 ", "4242"},
          {"5555", "5555", "5555", "4444"},
          {"55", "55", "55", "55", "55", "55", "44", "44"},
          {"5", "5", "5", "5", "5", "5", "5", "5", "5", "5", "5", "5", "4", "4", "4", "4"}}) {
      CAPTURE(event, pieces);
      const Passed passed = PassEach(event, pieces);
      CAPTURE(passed.caller);
      REQUIRE(passed.status.ok());
      std::string digits = passed.caller;
      digits.erase(std::remove_if(digits.begin(), digits.end(),
                                  [](char c) { return c != '2' && c != '4' && c != '5'; }),
                   digits.end());
      CHECK(digits.size() < 16);
    }
  }
  // Letters of a key, too; words that every event has are kept.
  const auto keyed = [](const std::vector<std::string>& pieces) {
    std::string bytes;
    for (const std::string& piece : pieces) {
      absl::StrAppend(&bytes, "data: {\"choices\":[],\"z\":\"", piece, "\"}\n\n");
    }
    const Passed passed = Pass({bytes + kDone});
    REQUIRE(passed.status.ok());
    return passed.caller;
  };
  CHECK_FALSE(absl::StrContains(keyed({"P", "R", "J", "-", "1", "1"}), R"("z":"1"}

data: {"choices":[],"z":"1")"));
  CHECK_FALSE(absl::StrContains(keyed(std::vector<std::string>(40, "safe")), "<"));
}

TEST_CASE("StreamAnswer: an error that hides a match in escapes is masked", "[dialects]") {
  const Passed passed = Pass({absl::StrCat(
      "data: {\"error\":{\"message\":\"card 4&#x31;11 &#49;111 ", "1<b>1</b>11 1111 now\"}}\n\n")});
  CHECK(absl::StrContains(passed.caller, "<N>"));
  CHECK_FALSE(absl::StrContains(passed.caller, "111"));
}

TEST_CASE("StreamAnswer: identifiers that change or repeat are kept", "[dialects]") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&bytes, "id: e", i, "\n: ping\nevent: message\ndata: {\"id\":\"chatcmpl-41",
                    i % 7,
                    "\",\"model\":\"m-4111\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
                    "\"assistant\",\"tool_calls\":[{\"index\":0,\"id\":\"call_4111\"}]}}]}\n\n");
  }
  const Passed passed = Pass({bytes + kDone});
  REQUIRE(passed.status.ok());
  CHECK(passed.caller == bytes + kDone);
}

TEST_CASE("StreamAnswer: strings at unknown places that come once are kept", "[dialects]") {
  // In the first event, in the last one, and in one with the end of its choice.
  const std::string once =
      R"(data: {"provider":"OpenAI-411","citations":["https://a.example/PRJ-","x 4111 1"],)"
      R"("choices":[{"index":0,"delta":{"content":"hi "},"filter":{"severity":"low 4"}}]})"
      "\n\n";
  const std::string last =
      R"(data: {"choices":[{"index":0,"delta":{},"why":"PRJ-1","finish_reason":"stop"}]})"
      "\n\n"
      R"(data: {"choices":[],"sources":["x 4111 1111 1111"],"usage":{"total_tokens":5}})"
      "\n\n";
  const std::string content = Delta(R"("content":"there ")");
  for (const std::string& bytes :
       {once + content + content + Finished() + kDone, content + once + last + kDone,
        content + last + kDone, last + kDone, once + once + content + kDone}) {
    CAPTURE(bytes);
    CHECK(PassAllCuts(bytes) == bytes);
  }
}

TEST_CASE("StreamAnswer: an event waits for one other event, and for a bounded number if need be",
          "[dialects]") {
  const std::string content = Delta(R"("content":"a")");
  const auto delivered = [&](absl::string_view first, std::size_t more) {
    std::string bytes =
        Events(R"("z":"@","choices":[{"index":0,"delta":{"content":"b"}}])", {std::string(first)});
    for (std::size_t i = 0; i < more; ++i) bytes += content;
    StreamAnswer answer({});
    EngineMasking masking;
    std::size_t events = 0;
    const auto asked = answer.Feed(bytes);
    REQUIRE(asked.ok());
    const auto deliveries = answer.Release(masking.Apply(*asked));
    REQUIRE(deliveries.ok());
    for (const Delivery& delivery : *deliveries)
      events += absl::StrContains(delivery.bytes, "data");
    return events;
  };
  CHECK(delivered("is PRJ", 0) == 0);
  CHECK(delivered("is PRJ", 1) == 2);
  CHECK(delivered("is 1234 5678 PRJ", 1) == 0);
  CHECK(delivered("is 1234 5678 PRJ", 63) == 0);
  CHECK(delivered("is 1234 5678 PRJ", 64) == 65);
  CHECK(delivered("is no secret", 0) == 1);
}

TEST_CASE("StreamAnswer: strings that every event repeats are kept", "[dialects]") {
  const std::string members =
      R"("provider":"OpenAI-4111","citations":["https://a.example/PRJ-","https://b.example/1"],)"
      R"("filter":{"hate":{"severity":"@"}},"choices":[{"index":0,"delta":{"content":"hi "},)"
      R"("content_filter_results":{"hate":{"severity":"@"}}}])";
  const std::string bytes = Events(members, {"safe", "safe", "low", "safe"}) + kDone;
  CHECK(PassAllCuts(bytes) == bytes);
}

}  // namespace
}  // namespace countersign::dialects::openai
