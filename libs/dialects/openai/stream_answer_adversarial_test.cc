// Streams that try to hide secrets, with the rules of the text engine itself: each case is cut at
// every position, and every cut must give the same bytes.

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::dialects::openai {
namespace {

using Rules = std::shared_ptr<const text::redaction::RuleSet>;

// Card-like numbers with a guard on both sides, and a project name: matches that hold text back,
// that are decided by the byte after them, and that may fail late.
const Rules& TestRules() {
  static const Rules& rules = *new Rules([] {
    std::vector<text::redaction::RedactionRule> made(2);
    made[0].entity = "number";
    made[0].regex = text::regex::ParseRegex("[0-9]{4}( ?[0-9]{4}){3}").value();
    made[0].left_forbidden = made[0].right_forbidden = text::regex::ByteSet::Of("0123456789");
    made[0].replacement = "<N>";
    made[1].entity = "project";
    made[1].regex = text::regex::ParseRegex("PRJ-[0-9]{2}").value();
    made[1].replacement = "<P>";
    return text::redaction::RuleSet::Compile(std::move(made)).value();
  }());
  return rules;
}

std::string MaskWhole(absl::string_view text) {
  text::redaction::RedactionStream stream(TestRules());
  std::string released;
  std::vector<text::redaction::RedactedSpan> spans;
  REQUIRE(stream.Feed(text, true, &released, &spans).ok());
  return released;
}

class EngineMasking {
 public:
  std::vector<domain::FieldRelease> Apply(const std::vector<domain::FieldPiece>& pieces) {
    std::vector<domain::FieldRelease> releases;
    for (const domain::FieldPiece& piece : pieces) {
      const auto at = streams_.try_emplace(piece.field, TestRules()).first;
      domain::FieldRelease& release = releases.emplace_back();
      release.held_before = at->second.held();
      std::vector<text::redaction::RedactedSpan> spans;
      REQUIRE(at->second.Feed(piece.text, piece.end, &release.text, &spans).ok());
      release.held_after = at->second.held();
      for (const text::redaction::RedactedSpan& span : spans) {
        release.masked.push_back(
            {span.begin, span.end, span.entity, span.original, span.input_begin, span.input_end});
      }
      if (piece.end) streams_.erase(at);
    }
    return releases;
  }

 private:
  std::map<std::string, text::redaction::RedactionStream> streams_;
};

// The caller's bytes, and how the stream ended.
struct Passed {
  std::string caller;
  absl::Status status;
};
Passed Pass(const std::vector<std::string>& pieces) {
  StreamAnswer stream({});
  EngineMasking masking;
  Passed passed;
  const auto release = [&](absl::StatusOr<std::vector<domain::FieldPiece>> asked) -> absl::Status {
    CS_RETURN_IF_ERROR(asked.status());
    const auto deliveries = stream.Release(masking.Apply(*asked));
    CS_RETURN_IF_ERROR(deliveries.status());
    for (const Delivery& delivery : *deliveries) passed.caller += delivery.bytes;
    return absl::OkStatus();
  };
  for (const std::string& piece : pieces) {
    passed.status = release(stream.Feed(piece));
    if (!passed.status.ok()) return passed;
  }
  passed.status = release(stream.Finish());
  return passed;
}

// The caller's bytes; must be the same whole, byte by byte, and cut in two at every position.
std::string PassAllCuts(const std::string& bytes) {
  const Passed whole = Pass({bytes});
  INFO(whole.status);
  REQUIRE(whole.status.ok());
  std::vector<std::string> single;
  for (const char c : bytes) single.emplace_back(1, c);
  REQUIRE(Pass(single).caller == whole.caller);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    CAPTURE(at);
    REQUIRE(Pass({bytes.substr(0, at), bytes.substr(at)}).caller == whole.caller);
  }
  return whole.caller;
}

std::string Delta(absl::string_view members, int choice = 0) {
  return absl::StrCat("data: {\"choices\":[{\"index\":", choice, ",\"delta\":{", members,
                      "},\"finish_reason\":null}]}\n\n");
}
std::string Finished(int choice = 0) {
  return absl::StrCat("data: {\"choices\":[{\"index\":", choice,
                      ",\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
}
const std::string kDone = "data: [DONE]\n\n";

// Member `name` of one choice's deltas, or of its tool call `tool`, concatenated.
std::string Joined(const std::string& caller, absl::string_view name, int choice = 0,
                   std::optional<int> tool = std::nullopt) {
  sse::Parser parser(1 << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  std::string text;
  for (const sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (!document.ok()) continue;
    const json::Value choices = document->root()["choices"];
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices.at(i)["index"].integer() != choice) continue;
      const json::Value delta = choices.at(i)["delta"];
      if (!tool) absl::StrAppend(&text, delta[name].text());
      const json::Value calls = delta["tool_calls"];
      for (std::size_t k = 0; tool && k < calls.size(); ++k) {
        if (calls.at(k)["index"].integer() != *tool) continue;
        absl::StrAppend(&text, calls.at(k)["function"][name].text());
      }
    }
  }
  return text;
}

TEST_CASE("adversarial 08: JSON escapes are decoded, and an escaped backslash is not an escape",
          "[dialects]") {
  const std::string caller = PassAllCuts(
      absl::StrCat(Delta(R"("content":"4111\u0031111 1111\u00201111 \/ \\u0034 \ud83d\ude00 ")"),
                   Delta(R"("content":"PRJ\u002d12")"), Finished(), kDone));
  CHECK(Joined(caller, "content") ==
        MaskWhole("41111111 1111 1111 / \\u0034 \xF0\x9F\x98\x80 PRJ-12"));
  CHECK(absl::StrContains(Joined(caller, "content"), "<N> / \\u0034"));
  CHECK(absl::EndsWith(Joined(caller, "content"), "<P>"));
}

TEST_CASE("adversarial 11: interleaved choices, tool calls and refusals are separate texts",
          "[dialects]") {
  const auto call = [](int index, absl::string_view text) {
    return Delta(absl::StrCat(R"("tool_calls":[{"index":)", index, R"(,"function":{"arguments":)",
                              json::Quote(text), "}}]"));
  };
  std::string bytes;
  const std::string number = "4111 1111 1111 1111";
  for (const char c : number) {
    const std::string quoted = json::Quote(std::string(1, c));
    absl::StrAppend(&bytes, Delta(absl::StrCat("\"content\":", quoted), 0),
                    Delta(absl::StrCat("\"content\":", quoted), 1),
                    Delta(absl::StrCat("\"refusal\":", quoted), 0));
  }
  absl::StrAppend(&bytes, call(0, "PR"), call(1, "PRJ"), call(0, "J-1"), call(1, "-x"),
                  call(0, "2"), Finished(0), Finished(1), kDone);
  const Passed passed = Pass({bytes});
  REQUIRE(passed.status.ok());
  CHECK(Joined(passed.caller, "content", 0) == "<N>");
  CHECK(Joined(passed.caller, "content", 1) == "<N>");
  CHECK(Joined(passed.caller, "refusal", 0) == "<N>");
  CHECK(Joined(passed.caller, "arguments", 0, 0) == "<P>");
  CHECK(Joined(passed.caller, "arguments", 0, 1) == "PRJ-x");
}

TEST_CASE("adversarial 11: an ambiguous number of a choice or a tool call ends the stream",
          "[dialects]") {
  const auto numbered = [](absl::string_view index, absl::string_view call) {
    return absl::StrCat("data: {\"choices\":[{\"index\":", index,
                        ",\"delta\":{\"tool_calls\":[{\"index\":", call,
                        ",\"function\":{\"arguments\":\"PRJ-\"}}]}}]}\n\n");
  };
  for (const char* odd : {"-1", "1.5", "\"1\"", "18446744073709551616", "true", "[1]"}) {
    for (const std::string& event : {numbered(odd, "0"), numbered("0", odd)}) {
      const Passed passed = Pass({Delta(R"("content":"ok ")"), event, Finished(), kDone});
      CAPTURE(event);
      CHECK(absl::IsUnavailable(passed.status));
      CHECK(passed.caller == Delta(R"("content":"ok ")"));
    }
  }
  CHECK(Pass({numbered("null", "null"), kDone}).status.ok());
  // Texts cannot be kept apart either if only some of them are numbered.
  CHECK(absl::IsUnavailable(Pass({numbered("0", "0"), numbered("null", "0"), kDone}).status));
  CHECK(absl::IsUnavailable(Pass({numbered("0", "0"), numbered("0", "null"), kDone}).status));
  // 1.0 and 1e0 are the number 1 to all readers.
  const Passed same = Pass({Delta(R"("content":"PR")", 1),
                            R"(data: {"choices":[{"index":1.0,"delta":{"content":"J-1"}}]})"
                            "\n\n",
                            R"(data: {"choices":[{"index":1e0,"delta":{"content":"2"}}]})"
                            "\n\n",
                            kDone});
  CHECK(same.status.ok());
  CHECK(Joined(same.caller, "content", 1) == "<P>");
}

TEST_CASE("adversarial 11: texts of events of unknown form may be interleaved, too", "[dialects]") {
  const auto event = [](absl::string_view type, int output, absl::string_view item,
                        absl::string_view text) {
    return absl::StrCat("data: {\"type\":\"", type, "\",\"item_id\":\"", item,
                        "\",\"output_index\":", output, ",\"delta\":", json::Quote(text), "}\n\n");
  };
  std::string bytes;
  for (const char* half : {"4111 1111 ", "1111 1111 PRJ-1"}) {
    for (const int output : {0, 1}) {
      absl::StrAppend(&bytes, event("a.delta", output, "i", half),
                      event("b.delta", output, "i", half), event("a.delta", output, "j", half),
                      event("a.delta", output, "k", "x"));
    }
  }
  const std::string caller = PassAllCuts(bytes + kDone);
  CHECK(!absl::StrContains(caller, "1111"));
  // Held text is sent as more of its own text, under no other name.
  CHECK(absl::StrContains(caller, R"(data: {"type":"b.delta","output_index":1,"delta":"PRJ-1"})"));
}

TEST_CASE("adversarial 12: a tool's name in pieces that must be masked ends the stream",
          "[dialects]") {
  const auto named = [](absl::string_view name, int call = 0) {
    return Delta(absl::StrCat(R"("tool_calls":[{"index":)", call, R"(,"function":{"name":")", name,
                              "\"}}]"));
  };
  const Passed passed = Pass({named("PR"), named("J-1"), named("2"), Finished(), kDone});
  CHECK(absl::IsFailedPrecondition(passed.status));
  CHECK(passed.caller == named("PR") + named("J-1"));
  // A name that is repeated, or continues without a match, passes; other calls have other names.
  const std::string harmless = named("send") + named("send") + named("_mail") + named("PRJ", 1) +
                               named("-12", 2) + Finished() + kDone;
  CHECK(PassAllCuts(harmless) == harmless);
}

TEST_CASE("adversarial 13: line ends, several data lines, comments and a byte order mark",
          "[dialects]") {
  const std::string caller = PassAllCuts(
      "\xEF\xBB\xBF: hello\r\n\r\ndata: {\"choices\":[{\"index\":0,\r\n"
      "data: \"delta\":{\"content\":\"4111 1111 \"},\"finish_reason\":null}]}\r\n\r\n"
      ": still here\n\n" +
      Delta(R"("content":"1111 1111")") + Finished() + "data:[DONE]\r\r");
  CHECK(Joined(caller, "content") == "<N>");
  CHECK(absl::StrContains(caller, ": still here"));
  CHECK(!absl::StrContains(caller, "1111"));
}

TEST_CASE("adversarial 13: an event of more than 64 KiB", "[dialects]") {
  const std::string filler(70'000, 'x');
  const std::string bytes =
      absl::StrCat(Delta(absl::StrCat("\"content\":\"", filler, " PRJ-\"")),
                   Delta(absl::StrCat("\"content\":\"12", filler, "\"")), Finished(), kDone);
  const Passed passed = Pass({bytes});
  REQUIRE(passed.status.ok());
  CHECK(Joined(passed.caller, "content") == absl::StrCat(filler, " <P>", filler));
}

TEST_CASE("adversarial 14: held text is lost when the upstream breaks off", "[dialects]") {
  const std::string bytes = Delta(R"("content":"see 4111 1111 1111 111")") +
                            Delta(R"("content":"1")") + R"(data: {"choices":[{"ind)";
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const Passed passed = Pass({bytes.substr(0, size)});
    CAPTURE(size, passed.caller);
    CHECK(absl::IsUnavailable(passed.status));
    CHECK(!absl::StrContains(passed.caller, "4111"));
  }
}

TEST_CASE(
    "adversarial 18: a final copy equals the concatenated deltas; probabilities spell nothing",
    "[dialects]") {
  const std::string bytes = absl::StrCat(
      R"(data: {"choices":[{"index":0,"delta":{"content":"on PRJ-"},"logprobs":{"content":[)",
      R"({"token":"on PRJ-","logprob":-1}]},"finish_reason":null}]})", "\n\n",
      Delta(R"("content":"12 now")"),
      R"(data: {"choices":[{"index":0,"delta":{},"message":{"content":"on PRJ-12 now"},)",
      R"("finish_reason":"stop"}]})", "\n\n", kDone);
  const std::string caller = PassAllCuts(bytes);
  CHECK(Joined(caller, "content") == "on <P> now");
  CHECK(absl::StrContains(caller, R"("content":"on <P> now")"));
  CHECK(!absl::StrContains(caller, "PRJ"));
}

// Events of a choice with `members`, one event per piece, which replaces each `@`.
std::string Events(absl::string_view members, const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    absl::StrAppend(&bytes, "data: {", absl::StrReplaceAll(members, {{"@", piece}}), "}\n\n");
  }
  return bytes;
}
const std::vector<std::string> kCard = {"a 4111 ", "1111", " 111", "1 1111", " b"};

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
  for (const char* members :
       {R"("choices":[{"index":0,"delta":{"content":"@"}}])",
        R"("choices":[{"index":0,"delta":{"content":"@"},"message":{"content":"@"}}])",
        R"("choices":[{"index":0,"delta":{"reasoning":"@"}}])",
        R"("choices":[{"index":0,"message":{"content":"@"}}])",
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

TEST_CASE("StreamAnswer: any cut gives the same bytes, and each text is masked as a whole",
          "[dialects]") {
  CHECK(rc::check([](unsigned seed) {
    std::mt19937 random(seed);
    const std::vector<std::string> parts = {"4111", " ",    "1111", "1",        "PRJ", "-",
                                            "12",   "PRJ-", "x",    "\xC3\xA9", "\"",  "\\"};
    std::string bytes;
    std::map<std::pair<int, std::string>, std::string> texts;
    for (std::size_t left = random() % 24; left > 0; --left) {
      const int choice = static_cast<int>(random() % 2);
      const std::string member = random() % 3 == 0 ? "refusal" : "content";
      std::string text;
      for (std::size_t n = random() % 4; n > 0; --n) text += parts[random() % parts.size()];
      texts[{choice, member}] += text;
      bytes += Delta(absl::StrCat(json::Quote(member), ":", json::Quote(text)), choice);
    }
    absl::StrAppend(&bytes, Finished(0), Finished(1), kDone);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      pieces.push_back(bytes.substr(at, random() % 50 + 1));
      at += pieces.back().size();
    }
    const Passed whole = Pass({bytes});
    RC_ASSERT(whole.status.ok());
    RC_ASSERT(Pass(pieces).caller == whole.caller);
    for (const auto& [place, text] : texts) {
      RC_ASSERT(Joined(whole.caller, place.second, place.first) == MaskWhole(text));
    }
  }));
}

}  // namespace
}  // namespace countersign::dialects::openai
