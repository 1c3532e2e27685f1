#include "libs/dialects/openai/stream_answer.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/dialects/testing/joined_deltas.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

// The caller's bytes for a stream that arrives in these pieces.
absl::StatusOr<std::string> Pass(const std::vector<std::string>& pieces,
                                 StreamAnswer::Options options = {}, Usage* usage = nullptr) {
  StreamAnswer stream(options);
  testing::LiteralMasking masking;
  std::string caller;
  const auto release = [&](absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
    if (!asked.ok()) return asked.status();
    const absl::StatusOr<std::vector<Delivery>> deliveries = stream.Release(masking.Apply(*asked));
    if (!deliveries.ok()) return deliveries.status();
    for (const Delivery& delivery : *deliveries) caller += delivery.bytes;
    return absl::OkStatus();
  };
  for (const std::string& piece : pieces) {
    const absl::Status status = release(stream.Feed(piece));
    if (!status.ok()) return status;
  }
  const absl::Status status = release(stream.Finish());
  if (usage != nullptr) *usage = stream.usage();
  if (!status.ok()) return status;
  return caller;
}

constexpr char kHead[] = R"({"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m",)";

std::string Chunk(absl::string_view choices) {
  return absl::StrCat("data: ", kHead, "\"choices\":[", choices, "]}\n\n");
}
std::string Content(absl::string_view text, int choice = 0) {
  return Chunk(absl::StrCat("{\"index\":", choice, ",\"delta\":{\"content\":", json::Quote(text),
                            "},\"finish_reason\":null}"));
}
std::string Finished(int choice = 0) {
  return Chunk(absl::StrCat("{\"index\":", choice, ",\"delta\":{},\"finish_reason\":\"stop\"}"));
}
const std::string kDone = "data: [DONE]\n\n";

TEST_CASE("StreamAnswer: a stream without a match passes byte for byte", "[dialects]") {
  const std::string stream =
      absl::StrCat(": hello\n\n", Chunk(R"({"index":0,"delta":{"role":"assistant","content":""}})"),
                   Content("Hi there"), "data:  {\"choices\": [ ] , \"x\" :1}\r\n\r\n",
                   Content("caf\\u00e9"), Finished(), kDone);
  CHECK(Pass({stream}).value() == stream);
}

TEST_CASE("StreamAnswer: a secret that is split over events is masked", "[dialects]") {
  const std::string out =
      Pass({Content("a SE"), Content("CR"), Content("ET b"), Finished(), kDone}).value();
  CHECK(testing::Joined(out, "content", 0) == "a <S> b");
  CHECK(!absl::StrContains(out, "SE\""));
}

TEST_CASE("StreamAnswer: an event that becomes empty is dropped", "[dialects]") {
  CHECK(Pass({Content("SEC"), Content("RET"), Finished(), kDone}).value() ==
        absl::StrCat(Content("<S>"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: held text is sent before the choice's last event", "[dialects]") {
  const std::string out = Pass({Content("x SEC"), Finished(), kDone}).value();
  CHECK(out == absl::StrCat(Content("x "), Content("SEC"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: text may end in the finishing event", "[dialects]") {
  const std::string last =
      Chunk(R"({"index":0,"delta":{"content":"RET SEC"},"finish_reason":"stop"})");
  const std::string out = Pass({Content("SEC"), last, kDone}).value();
  CHECK(out ==
        absl::StrCat(Chunk(R"({"index":0,"delta":{"content":"<S> SEC"},"finish_reason":"stop"})"),
                     kDone));
}

TEST_CASE("StreamAnswer: without finish reasons held text is sent before [DONE]", "[dialects]") {
  CHECK(Pass({Content("SEC"), kDone}).value() == absl::StrCat(Content("SEC"), kDone));
}

TEST_CASE("StreamAnswer: parts of a content without an index are one text", "[dialects]") {
  const auto parts = [](absl::string_view elements) {
    return Chunk(absl::StrCat(R"({"index":0,"delta":{"content":[)", elements,
                              R"(]},"finish_reason":null})"));
  };
  const std::string first = parts(R"({"type":"text","text":"a SEC"})");
  CHECK(Pass({first, parts(R"({"type":"text","text":"RET b"})"), Finished(), kDone}).value() ==
        absl::StrCat(parts(R"({"type":"text","text":"a "})"),
                     parts(R"({"type":"text","text":"<S> b"})"), Finished(), kDone));
  // Also over two parts of one event, and from parts to a string.
  CHECK(Pass({parts(R"({"type":"text","text":"SE"},{"type":"text","text":"CRET"})"), kDone})
            .value() ==
        absl::StrCat(parts(R"({"type":"text","text":""},{"type":"text","text":"<S>"})"), kDone));
  CHECK(Pass({first, Content("RET"), kDone}).value() ==
        absl::StrCat(parts(R"({"type":"text","text":"a "})"), Content("<S>"), kDone));
  // Text held at the end is sent as such a part.
  CHECK(Pass({first, kDone}).value() == absl::StrCat(parts(R"({"type":"text","text":"a "})"),
                                                     parts(R"({"type":"text","text":"SEC"})"),
                                                     kDone));
  CHECK(Pass({parts(R"("SEC")"), parts(R"("RET")"), kDone}).value() ==
        absl::StrCat(parts(R"("<S>")"), kDone));
}

TEST_CASE("StreamAnswer: tool calls without an index are counted", "[dialects]") {
  const auto calls = [](absl::string_view a, absl::string_view b) {
    return Chunk(absl::StrCat(R"({"index":0,"delta":{"tool_calls":[{"function":{"arguments":")", a,
                              R"("}},{"function":{"arguments":")", b,
                              R"("}}]},"finish_reason":null})"));
  };
  CHECK(Pass({calls("SEC", "x"), calls("RET", "y"), Finished(), kDone}).value() ==
        absl::StrCat(calls("", "x"), calls("<S>", "y"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: numbers are masked, except those of the protocol", "[dialects]") {
  const std::string event =
      R"(data: {"created":777,"choices":[{"index":0,"delta":{"score":1777}}],"usage":{"t":777}})"
      "\n\n";
  CHECK(Pass({event, kDone}).value() ==
        absl::StrCat(absl::StrReplaceAll(event, {{"1777", "\"1<N>\""}}), kDone));
}

TEST_CASE("StreamAnswer: an unknown event's text continues in the next", "[dialects]") {
  const auto event = [](absl::string_view text) {
    return absl::StrCat("data: {\"type\":\"x.delta\",\"delta\":", json::Quote(text), "}\n\n");
  };
  const std::string out = Pass({event("a SEC"), event("RET b SEC"), kDone}).value();
  CHECK(out == absl::StrCat(event("a "), event("<S> b "), event("SEC"), kDone));
}

TEST_CASE("StreamAnswer: an unknown event's delta may be an object, and continues, too",
          "[dialects]") {
  const auto event = [](absl::string_view text) {
    return absl::StrCat("event: odd\ndata: {\"type\":\"odd\",\"note\":\"SECRET\",\"delta\":{",
                        "\"type\":\"text\",\"text\":\"", text, "\"}}\n\n");
  };
  const std::string caller = Pass({event("a SEC"), event("RET"), event(" b SE"), kDone}).value();
  CHECK(!absl::StrContains(caller, "SEC"));
  CHECK(absl::StrContains(caller, R"("text":"<S>")"));
  CHECK(absl::StrContains(caller, R"("note":"<S>")"));
  // Text held at the end is sent at the same place.
  CHECK(absl::StrContains(caller,
                          "data: {\"type\":\"odd\",\"delta\":{\"text\":\"SE\"}}\n\ndata: [DONE]"));
}

TEST_CASE("StreamAnswer: texts deep in unknown events continue if these are pieces", "[dialects]") {
  const auto untyped = [](absl::string_view text) {
    return absl::StrCat("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"", text,
                        "\"}],\"role\":\"model\"},\"index\":0}]}\n\n");
  };
  const std::string caller = Pass({untyped("a SEC"), untyped("RET b SE"), kDone}).value();
  CHECK(!absl::StrContains(caller, "SEC"));
  CHECK(absl::StrContains(caller, R"("text":"<S> b ")"));
  CHECK(absl::StrContains(
      caller, "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"SE\"}]}}]}\n\n"));
  const auto typed = [](absl::string_view type, absl::string_view text) {
    return absl::StrCat("data: {\"type\":\"", type, "\",\"payload\":{\"text\":\"", text,
                        "\"}}\n\n");
  };
  CHECK(!absl::StrContains(
      Pass({typed("odd.delta", "SEC"), typed("odd.delta", "RET"), kDone}).value(), "SEC"));
  // A complete text is masked in place, and nothing of it is sent later.
  const std::string whole = typed("odd.done", "to SE");
  CHECK(Pass({whole, kDone}).value() == whole + kDone);
}

TEST_CASE("StreamAnswer: a server's identifiers are masked, also in events of the gateway",
          "[dialects]") {
  const auto event = [](absl::string_view id, absl::string_view text) {
    return absl::StrCat("data: {\"id\":\"", id,
                        "\",\"model\":\"SECRET-1\",\"choices\":[{\"index\":0,",
                        "\"delta\":{\"content\":\"", text, "\"},\"finish_reason\":null}]}\n\n");
  };
  const std::string caller = Pass({event("c-SECRET", "a SEC"), kDone}).value();
  CHECK(!absl::StrContains(caller, "SECRET"));
  CHECK(absl::StrContains(caller, "\"id\":\"c-<S>\""));
  CHECK(absl::StrContains(caller, "\"content\":\"SEC\""));
}

TEST_CASE("StreamAnswer: of words that match together the last one is masked", "[dialects]") {
  const auto state = [](absl::string_view word) {
    return absl::StrCat("data: {\"choices\":[],\"state\":\"", word, "\"}\n\n");
  };
  const std::string harmless = state("queued") + state("queued") + state("running") + kDone;
  CHECK(Pass({harmless}).value() == harmless);
  CHECK(Pass({state("SEC"), state("RET"), kDone}).value() == state("SEC") + state("<S>") + kDone);
}

TEST_CASE("StreamAnswer: unknown events end the stream if the profile refuses them", "[dialects]") {
  const StreamAnswer::Options refuse{true, false, true};
  const std::string known = Content("a") + Finished() + kDone;
  CHECK(Pass({known}, refuse).value() == known);
  CHECK(Pass({"event: message\n" + Content("a") + kDone}, refuse).ok());
  for (const std::string& odd :
       {std::string("data: {\"type\":\"odd\",\"text\":\"fine\"}\n\n"),
        "event: odd\n" + Content("a"), std::string("event: odd\ndata: no json\n\n"),
        std::string("data: [\"fine\"]\n\n")}) {
    INFO(odd);
    const absl::Status refused = Pass({Content("a"), odd, kDone}, refuse).status();
    CHECK(GetReason(refused) == kUnknownEvent);
  }
  // Without masking nothing is checked.
  CHECK(Pass({"data: {\"type\":\"odd\"}\n\n" + kDone}, {false, false, true}).ok());
}

TEST_CASE("StreamAnswer: too many choices end the stream", "[dialects]") {
  StreamAnswer stream({});
  absl::Status status;
  for (int i = 0; i < 2000 && status.ok(); ++i) status = stream.Feed(Finished(i)).status();
  CHECK(absl::IsUnavailable(status));
}

TEST_CASE("StreamAnswer: choices, refusals and arguments are separate texts", "[dialects]") {
  const auto tool = [](absl::string_view fragment) {
    return Chunk(
        absl::StrCat(R"({"index":1,"delta":{"tool_calls":[{"index":0,"function":{"arguments":)",
                     json::Quote(fragment), "}}]},\"finish_reason\":null}"));
  };
  const std::string out =
      Pass({Content("SEC", 0), Content("RET", 1), Content("RET", 0),
            Chunk(R"({"index":0,"delta":{"refusal":"SEC"}})"), tool("{\"a\":\"SEC"),
            Chunk(R"({"index":0,"delta":{"refusal":"RET"}})"), tool("RET\"}"), Finished(0),
            Finished(1), kDone})
          .value();
  CHECK(testing::Joined(out, "content", 0) == "<S>");
  CHECK(testing::Joined(out, "content", 1) == "RET");
  CHECK(testing::Joined(out, "refusal", 0) == "<S>");
  CHECK(testing::Joined(out, "arguments", 1, 0) == "{\"a\":\"<S>\"}");
}

TEST_CASE("StreamAnswer: fragments of arguments that become empty are dropped", "[dialects]") {
  const auto tool = [](absl::string_view members) {
    return Chunk(absl::StrCat(R"({"index":0,"delta":{"tool_calls":[{"index":0,)", members, "}]}}"));
  };
  const std::string first =
      tool(R"("id":"c","type":"function","function":{"name":"f","arguments":"SE"})");
  const std::string out = Pass({first, tool(R"("function":{"arguments":"CR"})"),
                                tool(R"("function":{"arguments":"ET"})"), Finished(), kDone})
                              .value();
  CHECK(out ==
        absl::StrCat(tool(R"("id":"c","type":"function","function":{"name":"f","arguments":""})"),
                     tool(R"("function":{"arguments":"<S>"})"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: held arguments are sent with their tool call's index", "[dialects]") {
  const std::string out =
      Pass({Chunk(R"({"index":0,"delta":{"tool_calls":[{"index":2,"id":"c","type":"function",)"
                  R"("function":{"name":"f","arguments":"SE"}}]}})"),
            Finished(), kDone})
          .value();
  CHECK(absl::StrContains(
      out, Chunk(R"({"index":0,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"SE"}}]},)"
                 R"("finish_reason":null})")));
}

TEST_CASE("StreamAnswer: unknown members are masked, also when split", "[dialects]") {
  const std::string out =
      Pass({Chunk(R"({"index":0,"delta":{"thinking":"SEC","deep":{"er":"SE"}},"note":"SECRET"})"),
            Chunk(R"({"index":0,"delta":{"thinking":"RET","deep":{"er":"CRET"}}})"),
            "data: {\"choices\":[],\"remark\":[\"a SECRET\"]}\n\n",
            Chunk(R"({"index":0,"delta":{"details":[{"index":4,"text":"SECR"}]}})"),
            Chunk(R"({"index":0,"delta":{"details":[{"index":4,"text":"ET"}]}})"), Finished(),
            kDone})
          .value();
  CHECK(!absl::StrContains(out, "SEC"));
  CHECK(!absl::StrContains(out, "\"RET"));
  CHECK(!absl::StrContains(out, "\"ET"));
}

TEST_CASE("StreamAnswer: the gateway's own events have the upstream's form, whatever came before",
          "[dialects]") {
  // An event of another kind comes first, and the first piece of the content is held to the end.
  const std::string caller =
      Pass({"data: {\"type\":\"odd\",\"note\":\"hello\"}\n\n",
            Chunk(R"({"index":0,"delta":{"content":"SE"},"finish_reason":null})"), Finished(),
            kDone})
          .value();
  CHECK(absl::StrContains(caller,
                          Chunk(R"({"index":0,"delta":{"content":"SE"},"finish_reason":null})")));
}

TEST_CASE("StreamAnswer: identifiers pass only while they look like identifiers", "[dialects]") {
  CHECK(absl::StrContains(Pass({"data: {\"id\":\"a SECRET\",\"choices\":[]}\n\n", kDone}).value(),
                          "a <S>"));
}

TEST_CASE("StreamAnswer: a member's name that must be masked ends the stream", "[dialects]") {
  CHECK(absl::IsFailedPrecondition(
      Pass({"data: {\"a SECRET\":1,\"choices\":[]}\n\n", kDone}).status()));
}

TEST_CASE("StreamAnswer: probabilities are kept only for unchanged texts", "[dialects]") {
  const auto event = [](absl::string_view text, absl::string_view token, absl::string_view other) {
    return Chunk(absl::StrCat(R"({"index":0,"delta":{"content":")", text,
                              R"("},"logprobs":{"content":[{"token":")", token,
                              R"(","logprob":-1,"bytes":null,"top_logprobs":[{"token":")", other,
                              R"("}]}]},"finish_reason":null})"));
  };
  const auto kept = [&](const std::string& stream) {
    return absl::StrContains(Pass({stream, Finished(), kDone}).value(), "\"logprob\":-1");
  };
  CHECK(kept(event("plain", "plain", "other")));
  CHECK(!kept(event("SEC", "SEC", "x")));        // held
  CHECK(!kept(event("SECRET", "SECRET", "x")));  // masked
  CHECK(!kept(event("plain", "RET", "x")));      // spells another text
  CHECK(!kept(event("", "SECRET", "x")));
  CHECK(!kept(event("plain", "plain", "SECRET")));
}

TEST_CASE("StreamAnswer: comments and other fields that must be masked are dropped", "[dialects]") {
  CHECK(Pass({": SECRET\n\n", kDone}).value() == kDone);
  CHECK(Pass({"event: SECRET\ndata: {\"choices\":[]}\n\n", kDone}).value() ==
        "data: {\"choices\":[]}\n\n" + kDone);
  // Each line of the data is one line again.
  CHECK(
      Pass({"event: SECRET\r\ndata:\r\ndata: {\"choices\":\r\ndata: []}\r\n\r\n", kDone}).value() ==
      "data: \ndata: {\"choices\":\ndata: []}\n\n" + kDone);
}

TEST_CASE("StreamAnswer: usage that the caller did not ask for is read and dropped", "[dialects]") {
  const std::string usage =
      absl::StrCat("data: ", kHead,
                   R"("choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})", "\n\n");
  Usage read;
  CHECK(Pass({Content("x"), Finished(), usage, kDone}, {true, true}, &read).value() ==
        absl::StrCat(Content("x"), Finished(), kDone));
  CHECK(read.input_tokens == 7);
  CHECK(read.output_tokens == 3);
  CHECK(absl::StrContains(Pass({usage, kDone}, {true, false}).value(), "prompt_tokens"));
}

TEST_CASE("StreamAnswer: without masking nothing is held", "[dialects]") {
  const std::string stream = absl::StrCat(Content("SECRET"), Finished(), kDone);
  CHECK(Pass({stream}, {false, false}).value() == stream);
}

TEST_CASE("StreamAnswer: anything but a stream of chunks is an error", "[dialects]") {
  for (const std::string& stream :
       {std::string("data: nonsense\n\n"), std::string("data: {\"x\":\"\xff\"}\n\n"),
        std::string("data: {\"choices\":[]\n\n"), Content("x"),
        Content("x") + Finished() + Content("more")}) {
    CAPTURE(stream);
    CHECK(absl::IsUnavailable(Pass({stream}).status()));
  }
}

TEST_CASE("StreamAnswer: an upstream's error passes masked, without [DONE]", "[dialects]") {
  const std::string out = Pass({"data: {\"error\":{\"message\":\"about SECRET\"}}\n\n"}).value();
  CHECK(out == "data: {\"error\":{\"message\":\"about <S>\"}}\n\n");
}

TEST_CASE("StreamAnswer: nothing passes after [DONE]", "[dialects]") {
  CHECK(Pass({kDone + Content("late")}).value() == kDone);
}

TEST_CASE("StreamAnswer: the caller's bytes do not depend on how the upstream's are cut",
          "[dialects]") {
  const std::string stream = absl::StrCat(
      "\xef\xbb\xbf", Chunk(R"({"index":0,"delta":{"role":"assistant","content":""}})"),
      Content("one SEC"), Content("two", 1), ": note\r\n\r\n", Content("RET"), Content("SECRE"),
      absl::StrReplaceAll(Content("T caf\xc3\xa9 \xf0\x9f\x98\x80 SEC"), {{"\n\n", "\r\n\r\n"}}),
      Chunk(R"({"index":1,"delta":{"content":" \u0053\u0045CRET SE"},"finish_reason":"stop"})"),
      Chunk(R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"SEC"}}]}})"),
      Finished(0), kDone);
  const std::string whole = Pass({stream}).value();
  CHECK(testing::Joined(whole, "content", 0) == "one <S><S> caf\xc3\xa9 \xf0\x9f\x98\x80 SEC");
  CHECK(testing::Joined(whole, "content", 1) == "two <S> SE");
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    if (Pass({stream.substr(0, i), stream.substr(i)}).value() != whole) {
      CAPTURE(i);
      FAIL("a cut changed what the caller gets");
    }
  }
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> pieces;
    const std::size_t longest = round % 3 == 0 ? 3 : 60;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = random() % longest + 1;
      pieces.push_back(stream.substr(at, size));
      at += size;
    }
    REQUIRE(Pass(pieces).value() == whole);
  }
}

}  // namespace
}  // namespace countersign::dialects::openai
