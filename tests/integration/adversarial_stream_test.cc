// The adversarial groups of texts (tests/README.md) in the deltas of a stream, through dialect and
// masking, however deltas and bytes are cut.

#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/masked_stream_testing.h"

namespace countersign::integration {
namespace {

constexpr char kCard[] = "4111 1111 1111 1111";

struct Case {
  std::string text, masked;
};

void CheckAll(const std::vector<Case>& cases) {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const Case& each : cases) {
    CHECK(StreamedHoweverCut(each.text, kAsContent, random) == each.masked);
  }
}

// The caller's bytes. Fails unless they are the same for every cut of the upstream's bytes in two.
std::string PassAllCuts(const std::string& bytes) {
  const Passed whole = PassPieces({bytes});
  INFO(whole.status);
  REQUIRE(whole.status.ok());
  std::vector<std::string> single;
  for (const char byte : bytes) single.emplace_back(1, byte);
  CHECK(PassPieces(single).caller == whole.caller);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    if (PassPieces({bytes.substr(0, at), bytes.substr(at)}).caller != whole.caller) {
      FAIL("cut at " << at);
    }
  }
  return whole.caller;
}

TEST_CASE("adversarial 02: a match is the first, the last and all of an answer's text",
          "[adversarial]") {
  CheckAll({{kCard, "<CREDIT_CARD>"},
            {"536-90-4399 is it", "<US_SSN> is it"},
            {"it is 536-90-4399", "it is <US_SSN>"},
            {"john@x.io\n", "<EMAIL>\n"}});
  // The stream, and with it the text, ends without a finishing event.
  CHECK(Joined(PassAllCuts(Content("a 536-90-4399") + kDone), "content") == "a <US_SSN>");
}

TEST_CASE("adversarial 03: the next delta, or the end, decides what may stand to the right",
          "[adversarial]") {
  CheckAll({{"536-90-43990", "536-90-43990"}, {"536-90-4399", "<US_SSN>"}});
  const auto ends_with = [](const std::string& next) {
    return Joined(PassPieces({Content("536-90-4399"), next, Finished(), kDone}).caller, "content");
  };
  CHECK(ends_with(Content("0")) == "536-90-43990");
  CHECK(ends_with(Content("")) == "<US_SSN>");
  CHECK(ends_with(": still here\n\n") == "<US_SSN>");
  CHECK(ends_with(Delta("\"refusal\":\"0\"")) == "<US_SSN>");
  CHECK(ends_with(Content("0", 1)) == "<US_SSN>");
}

TEST_CASE("adversarial 04: valid numbers within, beside and over other digits, in deltas",
          "[adversarial]") {
  CheckAll({{"41111111111111119", "41111111111111119"},
            {"1 4111 1111 1111 1111 1", "1 <CREDIT_CARD> 1"},
            {"4222222222222, 378282246310005", "<CREDIT_CARD>, <CREDIT_CARD>"},
            {"4136 4335 3158 4383 8608", "<CREDIT_CARD>"}});
}

TEST_CASE("adversarial 05: matches that overlap and touch, in deltas", "[adversarial]") {
  CheckAll({{"http://user:pw@host.example.com/john@x.io?q", "<URL_CREDENTIALS>/<EMAIL>?q"},
            {"a@b.io,c@d.io", "<EMAIL>,<EMAIL>"}});
}

TEST_CASE("adversarial 06: a match that fails at its last character is released unchanged, at once",
          "[adversarial]") {
  for (const std::string& alive : {std::string(63, 'x'), std::string("4111 1111 1111 1112"),
                                   std::string("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0")}) {
    MaskedStream stream;
    for (const std::string& character : Characters(alive)) stream.Feed(Content(character));
    CHECK(Joined(stream.passed().caller, "content").empty());
    stream.Feed(Content("!"));
    CHECK(Joined(stream.passed().caller, "content") == alive + "!");
    CheckAll({{alive + "!", alive + "!"}});
  }
}

TEST_CASE("adversarial 07: endless texts use bounded memory and are still delivered",
          "[adversarial]") {
  MaskedStream stream;
  stream.Feed(Content(absl::StrCat("see -----BEGIN PRIVATE", " KEY-----\n")));
  const std::string lines = Content(std::string(60, 'M') + "\n");
  for (int i = 0; i < 10'000; ++i) stream.Feed(lines);
  CHECK(Joined(stream.passed().caller, "content") == "see <PRIVATE_KEY>");
  stream.Feed(Finished() + kDone);
  CHECK(Joined(stream.Finish().caller, "content") == "see <PRIVATE_KEY>");

  MaskedStream token;
  token.Feed(Content("ghp_"));
  for (int i = 0; i < 10'000; ++i) token.Feed(Content("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"));
  token.Feed(Content(" end") + Finished() + kDone);
  CHECK(token.Finish().status.ok());
  CHECK(Joined(token.passed().caller, "content") == "<SECRET.GITHUB_TOKEN> end");
}

TEST_CASE("adversarial 07: a text beyond the limit ends the stream, and none of it is released",
          "[adversarial]") {
  text::redaction::RedactionRule rule;
  rule.entity = "quoted";
  rule.regex = text::regex::ParseRegex("q[0-9]+q").value();
  rule.replacement = "<QUOTED>";
  const Rules rules = text::redaction::RuleSet::Compile({rule}).value();
  for (const bool document : {false, true}) {
    MaskedStream stream(rules);
    stream.Feed(document ? Arguments("{\"a\":\"see q") : Content("see q"));
    const std::string digits(1000, '7');
    int fed = 0;
    for (; fed < 200 && stream.passed().status.ok(); ++fed) {
      stream.Feed(document ? Arguments(digits) : Content(digits));
    }
    CHECK(absl::IsResourceExhausted(stream.passed().status));
    CHECK(fed < 70);
    CHECK(!absl::StrContains(stream.Finish().caller, "7"));
  }
  // A number in a document can be endless, too.
  MaskedStream number;
  for (int i = 0; i < 10; ++i) number.Feed(Arguments(i == 0 ? "[1" : std::string(1000, '7')));
  CHECK(absl::IsResourceExhausted(number.Finish().status));
  CHECK(!absl::StrContains(number.passed().caller, "7"));
}

TEST_CASE("adversarial 08: JSON escapes hide nothing, and an escaped backslash is one",
          "[adversarial]") {
  const std::string caller = PassAllCuts(absl::StrCat(
      SpelledContent(R"("\u0034111\u0031111 1111\u00201111 \/ \ud83d\ude00")"),
      SpelledContent(R"(" john\u0040x")"), SpelledContent(R"("\u002eio, \n")"), Finished(), kDone));
  CHECK(Joined(caller, "content") == "<CREDIT_CARD> / \xF0\x9F\x98\x80 <EMAIL>, \n");
  // Escapes that the text itself contains for its reader are decoded for matching, too.
  const std::string twice = PassAllCuts(
      absl::StrCat(SpelledContent(R"("4111\\u00311111111\\u")"), SpelledContent(R"("0031111")"),
                   SpelledContent(R"(" C:\\users\\u12")"), Finished(), kDone));
  CHECK(Joined(twice, "content") == "<CREDIT_CARD> C:\\users\\u12");
}

TEST_CASE("adversarial 09: characters cut at each byte, NUL, invalid bytes and half a pair",
          "[adversarial]") {
  CHECK(Joined(PassAllCuts(absl::StrCat(Content("\u00E94111111111111111"),
                                        Content("\u20AC\U0001F600"), Finished(), kDone)),
               "content") == "\u00E9<CREDIT_CARD>\u20AC\U0001F600");
  CHECK(Joined(PassAllCuts(absl::StrCat(SpelledContent(R"("a\u0000 4111111111111111\u0000")"),
                                        Finished(), kDone)),
               "content") == std::string("a\0 <CREDIT_CARD>\0", 17));
  // JSON must be UTF-8: nothing of such an event is released.
  for (const std::string& wrong : {Content("x\xFF"),
                                   Content("\xC0\xB4"
                                           "111111111111111"),
                                   Content("\xED\xA0\xB5")}) {
    const Passed passed = PassPieces({Content("ok, "), wrong, Finished(), kDone});
    CHECK(absl::IsUnavailable(passed.status));
    CHECK(passed.caller == Content("ok, "));
  }
}

TEST_CASE("adversarial 09: a surrogate pair cut in two is never joined again", "[adversarial]") {
  // U+1D7D2 is a digit four, if a caller could join its halves.
  const std::string halves =
      absl::StrCat(SpelledContent(R"("a \ud835")"), SpelledContent(R"("\udfd2111 1111 1111 1111")"),
                   SpelledContent(R"(" \ud835\udfd2111 1111 1111 1111")"));
  CHECK(Joined(PassAllCuts(absl::StrCat(halves, Finished(), kDone)), "content") ==
        "a \uFFFD\uFFFD111 1111 1111 1111 <CREDIT_CARD>");
  const std::string lines = absl::StrReplaceAll(halves, {{"\"delta\"", "\ndata: \"delta\""}});
  CHECK(Joined(PassAllCuts(absl::StrCat(lines, Finished(), kDone)), "content") ==
        "a \uFFFD\uFFFD111 1111 1111 1111 <CREDIT_CARD>");
}

TEST_CASE("adversarial 10: invisible characters, other digits, dashes and spaces, in deltas",
          "[adversarial]") {
  CheckAll({{"no. 41\u00AD11\u2060 1111 11\uFEFF11 1111.", "no. <CREDIT_CARD>."},
            {"\uFF14\uFF11\uFF11\uFF11\u202F1111\u20111111\u30001111", "<CREDIT_CARD>"},
            {"536\u221290\u20104399", "<US_SSN>"}});
}

TEST_CASE("adversarial 11: interleaved choices, tool calls, content and refusal", "[adversarial]") {
  std::string bytes;
  for (const std::string& character : Characters(kCard)) {
    absl::StrAppend(&bytes, Content(character, 0), Content(character == "1" ? "1" : "x", 1),
                    Delta(absl::StrCat("\"refusal\":", json::Quote(character)), 0),
                    Arguments(character, 0), Arguments(character == " " ? "-" : character, 1));
  }
  absl::StrAppend(&bytes, Finished(0), Finished(1), kDone);
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string caller = PassPieces({bytes}).caller;
  CHECK(PassPieces(RandomPieces(bytes, 90, random)).caller == caller);
  CHECK(Joined(caller, "content", 0) == "<CREDIT_CARD>");
  CHECK(Joined(caller, "content", 1) == "x111x1111x1111x1111");
  CHECK(Joined(caller, "refusal", 0) == "<CREDIT_CARD>");
  CHECK(Joined(caller, "arguments", 0, 0) == "<CREDIT_CARD>");
  CHECK(Joined(caller, "arguments", 0, 1) == "\"<CREDIT_CARD>\"");  // a bare number there
}

TEST_CASE("adversarial 13: line ends, data lines, comments and events of any size",
          "[adversarial]") {
  const std::string caller = PassAllCuts(absl::StrCat(
      "\xEF\xBB\xBF: hello\r\n\r\ndata: {\"choices\":[{\"index\":0,\r\n",
      "data: \"delta\":{\"content\":\"4111 1111 \"},\"finish_reason\":null}]}\r\n\r\n",
      ": still here\r\r", Content("1111 1111"), "data:", Finished().substr(6), "data:[DONE]\n\n"));
  CHECK(Joined(caller, "content") == "<CREDIT_CARD>");
  CHECK(absl::StrContains(caller, ": still here\r\r"));
  CHECK(!absl::StrContains(caller, "1111"));

  const std::string filler(70'000, ' ');
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string large = absl::StrCat(Content(filler + "x 4111 1111"),
                                         Content(" 1111 1111" + filler), Finished(), kDone);
  CHECK(Joined(PassPieces(RandomPieces(large, 5000, random)).caller, "content") ==
        absl::StrCat(filler, "x <CREDIT_CARD>", filler));
}

TEST_CASE("adversarial 13: comments and other fields do not avoid masking", "[adversarial]") {
  const std::string caller =
      PassAllCuts(absl::StrCat(": 4111111111111111\n\n", "event: a@b.io\n", Content("hi"),
                               "id: 536-90-4399\n", Content("!"), Finished(), kDone));
  CHECK(Joined(caller, "content") == "hi!");
  for (const char* secret : {"4111", "a@b.io", "4399"}) CHECK(!absl::StrContains(caller, secret));
}

TEST_CASE("adversarial 14: held text is dropped when the upstream fails within a match",
          "[adversarial]") {
  const std::string bytes = absl::StrCat(Content("see 4111 1111 1111 111"), Content("1"),
                                         Content(", john@x"), R"(data: {"choices":[{"ind)");
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Passed passed = PassPieces({bytes.substr(0, size)});
    CAPTURE(size, passed.caller);
    CHECK(absl::IsUnavailable(passed.status));
    CHECK(!absl::StrContains(passed.caller, "4111"));
    CHECK(!absl::StrContains(passed.caller, "john"));
    for (const char* whole : {"", "see ", "see <CREDIT_CARD>", "see <CREDIT_CARD>, "}) {
      if (Joined(passed.caller, "content") == whole) goto known;
    }
    FAIL("neither all nor nothing of a match");
  known:;
  }
}

TEST_CASE("adversarial 14: an upstream's error ends the stream, and held text is dropped",
          "[adversarial]") {
  const std::string error = "data: {\"error\":{\"message\":\"lost john@x.io\"}}\n\n";
  const std::string caller = PassAllCuts(Content("see 4111 1111 1111") + error);
  CHECK(caller ==
        absl::StrCat(Content("see "), "data: {\"error\":{\"message\":\"lost <EMAIL>\"}}\n\n"));
}

TEST_CASE("adversarial 17: text that looks like a replacement stays, and so do masked streams",
          "[adversarial]") {
  CheckAll({{"<CREDIT_CARD> [US_SSN] <EMAIL>@x.io", "<CREDIT_CARD> [US_SSN] <EMAIL>@x.io"}});
  const std::string once =
      PassPieces({absl::StrCat(Content("a 4111111111111111 b john@x.io"), Finished(), kDone)})
          .caller;
  CHECK(PassAllCuts(once) == once);
}

TEST_CASE("adversarial 18: copies of the text equal its deltas; probabilities of it are gone",
          "[adversarial]") {
  const auto with_tokens = [](absl::string_view text) {
    return Event(absl::StrCat("{\"index\":0,\"delta\":{\"content\":", json::Quote(text),
                              "},\"logprobs\":{\"content\":[{\"token\":", json::Quote(text),
                              ",\"logprob\":-1,\"bytes\":null,\"top_logprobs\":[]}]},"
                              "\"finish_reason\":null}"));
  };
  const std::string text = "pay 4111 1111 1111 1111 or john@x.io now";
  std::string bytes = with_tokens(text.substr(0, 4));
  for (const std::string& character : Characters(text.substr(4))) bytes += with_tokens(character);
  absl::StrAppend(&bytes,
                  Event(absl::StrCat("{\"index\":0,\"delta\":{},\"message\":{\"content\":",
                                     json::Quote(text), "},\"finish_reason\":\"stop\"}")),
                  "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"content\":[{"
                  "\"type\":\"output_text\",\"text\":",
                  json::Quote(text), "}]}]}}\n\n", kDone);
  const std::string caller = PassPieces({bytes}).caller;
  const std::string masked = "pay <CREDIT_CARD> or <EMAIL> now";
  CHECK(Joined(caller, "content") == masked);
  CHECK(absl::StrContains(caller, absl::StrCat("\"message\":{\"content\":", json::Quote(masked))));
  CHECK(absl::StrContains(caller, absl::StrCat("\"text\":", json::Quote(masked))));
  std::string spelled;  // from the remaining probabilities
  dialects::sse::Parser parser(1 << 20);
  std::vector<dialects::sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  for (const dialects::sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (!document.ok()) continue;
    const json::Value tokens = document->root()["choices"].at(0)["logprobs"]["content"];
    for (std::size_t i = 0; i < tokens.size(); ++i)
      absl::StrAppend(&spelled, tokens.at(i)["token"].text());
  }
  CHECK(absl::StartsWith(spelled, "pay "));
  CHECK(spelled.find_first_of("0123456789@") == std::string::npos);
}

TEST_CASE("adversarial 19: the caller's bytes are a prefix of its final bytes", "[adversarial]") {
  const std::string text = "mail a.b+c@ex-ample.co.uk, 4111 1111 1111 1111 or PRJ; 2001:db8::1.";
  const std::string masked = "mail <EMAIL>, <CREDIT_CARD> or PRJ; <IP_ADDRESS>.";
  MaskedStream stream;
  std::string before;
  for (const std::string& character : Characters(text)) {
    stream.Feed(Content(character));
    const std::string now = Joined(stream.passed().caller, "content");
    REQUIRE(absl::StartsWith(now, before));
    REQUIRE(absl::StartsWith(masked, now));
    before = now;
  }
  stream.Feed(Finished() + kDone);
  CHECK(Joined(stream.Finish().caller, "content") == masked);
}

}  // namespace
}  // namespace countersign::integration
