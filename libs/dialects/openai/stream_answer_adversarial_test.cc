// Streams that try to hide secrets, with the rules of the text engine itself: each case is cut at
// every position, and every cut must give the same bytes.

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/testing/openai_streams.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

using testing::Delta;
using testing::Finished;
using testing::Joined;
using testing::kDone;
using testing::MaskWhole;
using testing::Pass;
using testing::PassAllCuts;
using testing::Passed;

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

TEST_CASE("adversarial 12: numbers where text is expected are pieces of it", "[dialects]") {
  const auto call = [](absl::string_view arguments) {
    return Delta(
        absl::StrCat(R"("tool_calls":[{"index":0,"function":{"arguments":)", arguments, "}}]"));
  };
  for (const std::string& bytes :
       {Delta(R"("content":41111111)") + Delta(R"("content":11111111)"),
        Delta(R"("content":"4111 1111 ")") + Delta(R"("content":11111111)"),
        Delta(R"("content":4)") + Delta(R"("content":"111 1111 1111 1111")"),
        Delta(R"("refusal":411111111111)") + Delta(R"("refusal":1111)"),
        call("41111111") + call("11111111"), call("\"4111\"") + call("111111111111"),
        Delta(R"("content":[{"type":"text","text":41111111}])") +
            Delta(R"("content":[{"type":"text","text":11111111}])"),
        Delta(R"("content":[41111111,11111111])"),
        std::string("data: {\"delta\":41111111}\n\ndata: {\"delta\":11111111}\n\n"),
        std::string("data: {\"x\":{\"y\":41111111}}\n\ndata: {\"x\":{\"y\":11111111}}\n\n")}) {
    const std::string caller = PassAllCuts(bytes + Finished() + kDone);
    CAPTURE(bytes, caller);
    CHECK(absl::StrContains(caller, "<N>"));
    CHECK(!absl::StrContains(caller, "11111111}"));
  }
  // Other numbers stay numbers.
  const std::string harmless = Delta(R"("content":12)") +
                               Delta(R"("content":" apples, 7","confidence":0.25)") +
                               Delta(R"("content":".","confidence":0.75)") + Finished() + kDone;
  CHECK(absl::StrContains(PassAllCuts(harmless), R"("confidence":0.25)"));
}

TEST_CASE("adversarial 12: texts of parts under several names that join to a match end the stream",
          "[dialects]") {
  const std::string text = Delta(R"("content":[{"type":"text","text":"4111 1111 "}])");
  const std::string refusal = Delta(R"("content":[{"type":"refusal","refusal":"1111 1111"}])");
  const std::string both = Delta(R"("content":[{"type":"text","text":"4111 1111 "},)"
                                 R"({"type":"refusal","refusal":"1111 1111"}])");
  for (const std::string& bytes :
       {text + refusal, both, text + Delta(R"("content":[{"type":"x","output_text":"1111 1111"}])"),
        text + Delta(R"("content":[{"type":"x","refusal":11111111}])")}) {
    const Passed passed = Pass({bytes, Finished(), kDone});
    CAPTURE(bytes, passed.caller);
    CHECK(absl::IsFailedPrecondition(passed.status));
    CHECK(!absl::StrContains(passed.caller, "1111 1111\""));
  }
  // A match in one of them is masked there.
  const Passed passed =
      Pass({Delta(R"("content":[{"type":"text","text":"see "}])"),
            Delta(R"("content":[{"type":"refusal","refusal":"4111 1111 1111 1111"}])"),
            Delta(R"("content":[{"type":"text","text":" now"}])"), Finished(), kDone});
  CHECK(passed.status.ok());
  CHECK(absl::StrContains(passed.caller, R"("refusal":"<N>")"));
}

TEST_CASE("adversarial 12: a secret behind the prefix of an identifier is masked", "[dialects]") {
  const auto named = [](absl::string_view id) {
    return absl::StrCat(
        R"(data: {"id":")", id,
        R"(","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})", "\n\n");
  };
  for (const char* id : {"call_4111_1111_1111_1111", "chatcmpl-4111111111111111"}) {
    const std::string caller = PassAllCuts(named(id) + named(id) + Finished() + kDone);
    CAPTURE(caller);
    CHECK(!absl::StrContains(caller, "1111"));
  }
  const std::string harmless = named("call_a1b2c3d4e5f60718293a4b5c") + Finished() + kDone;
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

TEST_CASE("StreamAnswer: any cut gives the same bytes, and each text is masked as a whole",
          "[dialects]") {
  CHECK(rc::check([](unsigned seed) {
    std::mt19937 random(seed);
    const std::vector<std::string> parts = {"4111", " ",    "1111", "1",        "PRJ", "-",
                                            "12",   "PRJ-", "x",    "\xC3\xA9", "\"",  "\\"};
    std::string bytes;
    std::map<std::pair<int, std::string>, std::string> texts, last;
    for (std::size_t left = random() % 24; left > 0; --left) {
      const int choice = static_cast<int>(random() % 2);
      const std::string member = random() % 3 == 0 ? "refusal" : "content";
      std::string text;
      for (std::size_t n = random() % 4; n > 0; --n) text += parts[random() % parts.size()];
      // A text that repeats itself and grows may be masked more.
      std::string& before = last[{choice, member}];
      if (before.size() >= 4 && absl::StartsWith(text, before)) text.insert(0, "x");
      if (!text.empty()) before = text;
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
