// The adversarial groups of texts, each a named case (table in tests/README.md). Every expectation
// holds for every cut of the text: MaskedHoweverCut tries them.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/text/testing/default_rules.h"

namespace countersign::text::redaction {
namespace {

using testing::CompiledRules;
using testing::DefaultSet;
using testing::Fed;
using testing::MaskedHoweverCut;
using testing::SimpleRule;

constexpr char kCard[] = "4111 1111 1111 1111";

TEST_CASE("adversarial 02: a match at the beginning, at the end, and as the whole text",
          "[adversarial]") {
  CHECK(MaskedHoweverCut(kCard) == "<CREDIT_CARD>");
  CHECK(MaskedHoweverCut("536-90-4399 is it") == "<US_SSN> is it");
  CHECK(MaskedHoweverCut("it is 536-90-4399") == "it is <US_SSN>");
  CHECK(MaskedHoweverCut("john@x.io\n") == "<EMAIL>\n");
  CHECK(MaskedHoweverCut("PRJ-1") == "<PROJECT>");
  CHECK(MaskedHoweverCut("") == "");
}

TEST_CASE("adversarial 03: a right-hand condition is decided by the next piece", "[adversarial]") {
  CHECK(MaskedHoweverCut("536-90-43990") == "536-90-43990");
  CHECK(MaskedHoweverCut("536-90-4399x 536-90-4399.") == "536-90-4399x <US_SSN>.");
  for (const char* next : {"0", "x", "_"}) {
    CHECK(Fed().Feed("536-90-4399").out.empty());
    CHECK(Fed().Feed("536-90-4399").Feed(next, true).out == absl::StrCat("536-90-4399", next));
  }
  for (const char* next : {"", " ", ".", ",", "\u00E9", "\u4E2D", "\xFF"}) {
    CHECK(Fed().Feed("536-90-4399").Feed(next, true).out == absl::StrCat("<US_SSN>", next));
  }
}

TEST_CASE("adversarial 04: valid numbers within, beside and overlapping other digits",
          "[adversarial]") {
  CHECK(MaskedHoweverCut("94111111111111111") == "94111111111111111");
  CHECK(MaskedHoweverCut("41111111111111119") == "41111111111111119");
  CHECK(MaskedHoweverCut("1 4111 1111 1111 1111") == "1 <CREDIT_CARD>");
  CHECK(MaskedHoweverCut("4111 1111 1111 1111 1") == "<CREDIT_CARD> 1");
  CHECK(MaskedHoweverCut("4222222222222, 378282246310005") == "<CREDIT_CARD>, <CREDIT_CARD>");
  CHECK(MaskedHoweverCut("6304000000000000.") == "<CREDIT_CARD>.");
  CHECK(MaskedHoweverCut("4000000000000000006") == "<CREDIT_CARD>");
  CHECK(MaskedHoweverCut("4111111111111112") == "4111111111111112");
  // Two cards that share their middle are one cluster; no digit of either is left.
  CHECK(MaskedHoweverCut("4136 4335 3158 4383 8608") == "<CREDIT_CARD>");
}

TEST_CASE("adversarial 05: matches that overlap, touch and chain", "[adversarial]") {
  CHECK(MaskedHoweverCut("see http://user:pw@host.example.com/john@x.io?q=1") ==
        "see <URL_CREDENTIALS>/<EMAIL>?q=1");
  CHECK(MaskedHoweverCut("DE89 3704 0044 0532 0130 00 4111111111111111") == "<IBAN> <CREDIT_CARD>");
  CHECK(MaskedHoweverCut("PRJ-1PRJ-2") == "<PROJECT><PROJECT>");
  const auto chain = CompiledRules({SimpleRule("a", "abc"), SimpleRule("b", "cde"),
                                    SimpleRule("c", "efg"), SimpleRule("d", "hi")});
  CHECK(Fed(chain).Feed("xabcdefghi", true).out == "x<A><D>");
  CHECK(Fed(chain).Feed("xabcd").Feed("efghi", true).out == "x<A><D>");
  CHECK(Fed(chain).Feed("xabc").Feed("cdefg", true).out == "x<A><B>");
}

TEST_CASE(
    "adversarial 06: a match that fails at its last character is not masked and released at once",
    "[adversarial]") {
  const std::string local(63, 'x');
  for (const std::string& alive :
       {local, std::string("4111 1111 1111 1112"), std::string("GB29 NWBK 6016 1331 9268 1"),
        std::string("536-90-439"), std::string("AKIAABCDEFGHIJKLMNO"),
        std::string("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0"),
        std::string("-----BEGIN PRIVATE KEY----")}) {
    CAPTURE(alive);
    const std::string text = absl::StrCat("so ", alive, "! ");
    CHECK(MaskedHoweverCut(text) == text);
    Fed fed;
    for (const char& byte : alive) fed.Feed(absl::string_view(&byte, 1));
    CHECK(fed.stream.held() > 0);
    CHECK(fed.Feed("!").out == absl::StrCat(alive, "!"));
  }
}

TEST_CASE("adversarial 08: the engine does not decode escapes", "[adversarial]") {
  // JSON and SSE readers decode escapes before masking; here a backslash is an ordinary character.
  CHECK(MaskedHoweverCut(R"(4111\u0031111 1111)") == R"(4111\u0031111 1111)");
  CHECK(MaskedHoweverCut(R"(\4111111111111111\)") == R"(\<CREDIT_CARD>\)");
}

TEST_CASE("adversarial 09: sequences cut at each byte, invalid bytes, NUL and byte order marks",
          "[adversarial]") {
  CHECK(MaskedHoweverCut("\u00E94111111111111111\u20AC\U0001F600") ==
        "\u00E9<CREDIT_CARD>\u20AC\U0001F600");
  CHECK(MaskedHoweverCut("\xEF\xBB\xBF"
                         "4111111111111111") == "\xEF\xBB\xBF<CREDIT_CARD>");
  CHECK(MaskedHoweverCut("\xFF"
                         "4111111111111111\xC0") == "\xFF<CREDIT_CARD>\xC0");
  // Overlong and surrogate forms are not digits, so they end a number beside them.
  CHECK(MaskedHoweverCut("536-90-4399\xC0\xB1") == "<US_SSN>\xC0\xB1");
  CHECK(MaskedHoweverCut("536-90-\xED\xA0\xB5"
                         "4399") ==
        "536-90-\xED\xA0\xB5"
        "4399");
  CHECK(MaskedHoweverCut(absl::string_view("a@b.io\0 4111111111111111\0", 25)) ==
        std::string("<EMAIL>\0 <CREDIT_CARD>\0", 23));
  CHECK(MaskedHoweverCut("\xF0\x9D\x9F") == "\xF0\x9D\x9F");  // the text ends in a sequence
}

TEST_CASE("adversarial 10: invisible characters, other digits, dashes and spaces",
          "[adversarial]") {
  for (const char* card : {
           "4111\u200B1111\u200C1111\u200D1111",
           "41\u00AD11\u2060 1111 11\uFEFF11 1111",
           "\uFF14\uFF11\uFF11\uFF11 \uFF11\uFF11\uFF11\uFF11 1111 1111",
           "\u0664\u0661\u0661\u0661 1111 1111 1111",
           "4111\u20111111\u20131111\u20141111",
           "4111\u00A01111\u202F1111\u30001111",
           "\U0001D7D2111 1111 1111 1111",
       }) {
    CHECK(MaskedHoweverCut(absl::StrCat("no. ", card, ".")) == "no. <CREDIT_CARD>.");
  }
  CHECK(MaskedHoweverCut("536\u221290\uFE634399") == "<US_SSN>");
  // A footnote mark is not a digit of the number before it.
  CHECK(MaskedHoweverCut("4111111111111111\u00B2") == "<CREDIT_CARD>\u00B2");
}

TEST_CASE("adversarial 11: interleaved streams are separate texts", "[adversarial]") {
  Fed first, second;
  const std::string card = kCard;
  for (const char& byte : card) {
    first.Feed(absl::string_view(&byte, 1));
    second.Feed(&byte == &card[4] ? "/" : absl::string_view(&byte, 1));
  }
  CHECK(first.Feed("", true).out == "<CREDIT_CARD>");
  CHECK(second.Feed(" 9", true).out == "4111/1111 1111 1111 9");
}

TEST_CASE("adversarial 14: a text without an end has released no part of a match",
          "[adversarial]") {
  for (const std::string text : {"see 4111 1111 1111 1111", "a 536-90-4399", "b PRJ-77"}) {
    const std::string clear = text.substr(0, text.find_first_of("45P"));
    for (std::size_t size = 0; size <= text.size(); ++size) {
      Fed fed;
      fed.Feed(absl::string_view(text).substr(0, size));
      CHECK(absl::StartsWith(clear, fed.out));
      CHECK((size < clear.size() || fed.out == clear));
    }
  }
}

TEST_CASE("adversarial 16: a stream keeps the rules that it was opened with", "[adversarial]") {
  auto rules = CompiledRules({SimpleRule("old", "ab+c")});
  const std::weak_ptr<const RuleSet> watch = rules;
  {
    Fed stream(rules);
    stream.Feed("xab");
    rules = CompiledRules({SimpleRule("new", "[a-z]")});
    CHECK(stream.Feed("bcq", true).out == "x<OLD>q");
    CHECK(Fed(rules).Feed("q", true).out == "<NEW>");
  }
  CHECK(watch.expired());  // and no longer
}

TEST_CASE("adversarial 17: text that looks like a replacement stays, and so does masked text",
          "[adversarial]") {
  for (const char* text :
       {"<CREDIT_CARD>", "[CREDIT_CARD]", "<EMAIL>@x.io", "a <US_SSN>-4399", "<EMAIL_a1b2c3d4e5>",
        "[REDACTED]", "Bearer <JWT>", "password: <SECRET.GENERIC>"}) {
    CHECK(MaskedHoweverCut(text) == text);
  }
  CHECK(MaskedHoweverCut("<CREDIT_CARD>4111111111111111<US_SSN>") ==
        "<CREDIT_CARD><CREDIT_CARD><US_SSN>");
}

}  // namespace
}  // namespace countersign::text::redaction
