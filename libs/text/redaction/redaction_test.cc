#include "libs/text/redaction/redaction.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/testing/redaction_oracle.h"

namespace countersign::text::redaction {
namespace {

std::vector<RedactionRule> DefaultRules() {
  std::vector<RedactionRule> rules;
  for (const detectors::Detector* detector : detectors::Tier1Detectors())
    rules.push_back(detectors::ToRule(*detector));
  RedactionRule project;
  project.entity = "project";
  project.regex = regex::ParseRegex("PRJ-[0-9]+").value();
  project.replacement = "<PROJECT>";
  rules.push_back(std::move(project));
  return rules;
}

std::shared_ptr<const RuleSet> Compiled(std::vector<RedactionRule> rules,
                                        RedactionLimits limits = {}) {
  auto compiled = RuleSet::Compile(std::move(rules), limits);
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *compiled;
}

std::shared_ptr<const RuleSet> Default() {
  static const auto rules = Compiled(DefaultRules());
  return rules;
}

RedactionRule Simple(absl::string_view entity, absl::string_view pattern) {
  RedactionRule rule;
  rule.entity = std::string(entity);
  rule.regex = regex::ParseRegex(pattern).value();
  rule.replacement = absl::StrCat("<", entity, ">");
  return rule;
}

std::string Fed(RedactionStream& stream, absl::string_view text, bool end = false) {
  std::string released;
  std::vector<RedactedSpan> spans;
  REQUIRE(stream.Feed(text, end, &released, &spans).ok());
  return released;
}

std::string InPieces(const std::vector<absl::string_view>& pieces) {
  RedactionStream stream(Default());
  std::string out;
  for (const absl::string_view piece : pieces) out += Fed(stream, piece);
  return out + Fed(stream, "", true);
}

const std::vector<std::string>& Corpus() {
  static const auto* const corpus = new std::vector<std::string>{
      "4111111111111111",
      "Card 4111 1111 1111 1111, SSN 536-90-4399, PRJ-12345.",
      "1 4111 1111 1111 1111",
      "4111 1111 1111 1111 5555 5555 5555 4444",
      "4111111111111111 1111 and 4222222222222",
      "41111111111111111111",
      "see http://user:pw@host.example.com/john@x.io?q=1",
      "GB29 NWBK 6016 1331 9268 19 and then",
      "DE89 3704 0044 0532 0130 004111111111111111",
      "536-90-43990 536-90-4399",
      "mail a.b+c@ex-ample.co.uk.",
      "10.0.0.255 2001:db8::1 00:1A:2b:3c:4d:5e",
      "AKIAABCDEFGHIJKLMNOPAKIAABCDEFGHIJKLMNOP",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x.io",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln eyJhbGciOiJIUzI1NiJ9.x",
      "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nok",
      "<CREDIT_CARD> PRJ- PRJ-1PRJ-2",
      "né 4111\u20111111\u20111111\u20111111 € john@x.io 😀",
      "4111 1111 1111 111",
      std::string("nul \0 4111111111111111 \0", 24),
  };
  return *corpus;
}

TEST_CASE("Redaction: every cut and every pair of cuts of the corpus gives the definition",
          "[redaction]") {
  const std::vector<RedactionRule> rules = DefaultRules();
  for (const std::string& text : Corpus()) {
    INFO(text);
    const std::string expected = testing::oracle::Whole(rules, text).text;
    const absl::string_view view = text;
    std::vector<absl::string_view> bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      bytes.push_back(view.substr(i, 1));
      bytes.push_back("");
    }
    CHECK(InPieces(bytes) == expected);
    CHECK(InPieces({view}) == expected);
    for (std::size_t a = 0; a <= text.size(); ++a) {
      for (std::size_t b = a; b <= text.size(); ++b) {
        const std::string out =
            InPieces({view.substr(0, a), view.substr(a, b - a), view.substr(b)});
        if (out != expected) FAIL("cut at " << a << " and " << b << ": " << out);
      }
    }
  }
}

TEST_CASE("Redaction: masking a masked text changes nothing", "[redaction]") {
  for (const std::string& text : Corpus()) {
    const auto once = RedactWhole(Default(), text);
    REQUIRE(once.ok());
    CHECK(RedactWhole(Default(), once->text)->text == once->text);
  }
}

TEST_CASE("Redaction: a right-hand condition is decided by the next piece", "[redaction]") {
  RedactionStream goes_on(Default());
  CHECK(Fed(goes_on, "536-90-4399") == "");
  CHECK(goes_on.held() == 11);
  CHECK(Fed(goes_on, "0!") == "536-90-43990!");
  RedactionStream ends(Default());
  CHECK(Fed(ends, "536-90-4399") == "");
  CHECK(Fed(ends, "", true) == "<US_SSN>");
  RedactionStream stops(Default());
  CHECK(Fed(stops, "536-90-4399") == "");
  CHECK(Fed(stops, ". ") == "<US_SSN>. ");
}

TEST_CASE("Redaction: text that can no longer match is released at once", "[redaction]") {
  RedactionStream stream(Default());
  CHECK(Fed(stream, "Hello ") == "Hello ");
  CHECK(Fed(stream, "number 4111 1111 1111 1112") == "number ");
  CHECK(Fed(stream, "!") == "4111 1111 1111 1112!");
  const std::string local(63, 'x');
  CHECK(Fed(stream, " " + local) == " ");
  CHECK(Fed(stream, " ") == local + " ");
  CHECK(Fed(stream, "eyJhbGciOiJIUzI1NiJ9.") == "");
  CHECK(Fed(stream, "e ") == "eyJhbGciOiJIUzI1NiJ9.e ");
}

TEST_CASE("Redaction: matches that share a byte become one placeholder", "[redaction]") {
  const auto rules = Compiled({Simple("a", "abc"), Simple("b", "cde"), Simple("c", "efg")});
  CHECK(RedactWhole(rules, "xabcdefgx")->text == "x<a>x");
  CHECK(RedactWhole(rules, "abccde")->text == "<a><b>");
}

TEST_CASE("Redaction: the leftmost, then longest, then highest match determines the replacement",
          "[redaction]") {
  RedactionRule high = Simple("high", "abc");
  high.priority = 1;
  const auto rules =
      Compiled({Simple("low", "abc"), high, Simple("long", "abcd"), Simple("late", "bcdef")});
  CHECK(RedactWhole(rules, "abc")->text == "<high>");
  CHECK(RedactWhole(rules, "abcd")->text == "<long>");
  CHECK(RedactWhole(rules, "abcdef")->text == "<long>");
}

TEST_CASE("Redaction: a rewrite never shows a part of another rule's match", "[redaction]") {
  RedactionRule last = Simple("last", "ab+");
  last.rewrite = [](absl::string_view original) {
    return absl::StrCat("*", original.substr(original.size() - 1));
  };
  last.mixed_replacement = "<last>";
  const auto rules = Compiled({last, Simple("other", "bc")});
  CHECK(RedactWhole(rules, "abb")->text == "*b");
  CHECK(RedactWhole(rules, "abbc")->text == "<last>");
}

TEST_CASE("Redaction: spans have offsets in input and output and the original", "[redaction]") {
  const auto redacted = RedactWhole(Default(), "é 4111111111111111 x PRJ-7");
  REQUIRE(redacted.ok());
  CHECK(redacted->text == "é <CREDIT_CARD> x <PROJECT>");
  REQUIRE(redacted->spans.size() == 2);
  const RedactedSpan& card = redacted->spans[0];
  CHECK(card.entity == "credit_card");
  CHECK(card.original == "4111111111111111");
  CHECK(card.input_begin == 3);
  CHECK(card.input_end == 19);
  CHECK(redacted->text.substr(card.begin, card.end - card.begin) == "<CREDIT_CARD>");
  CHECK(redacted->spans[1].input_begin == 22);
}

TEST_CASE("Redaction: an endless match is replaced early and dropped with little memory",
          "[redaction]") {
  RedactionStream stream(Default());
  std::string out = Fed(stream, "PRJ-");
  std::size_t memory = 0;
  std::vector<RedactedSpan> spans;
  for (int i = 0; i < 4096; ++i) {
    REQUIRE(stream.Feed(std::string(256, '7'), false, &out, &spans).ok());
    memory = std::max(memory, stream.memory_bytes());
  }
  CHECK(out == "<PROJECT>");
  CHECK(memory < 16 * 1024);
  CHECK(Fed(stream, " ends ") == " ends ");
  std::string original;
  for (const RedactedSpan& span : spans) {
    CHECK(span.continued == (&span != &spans[0]));
    original += span.original;
  }
  CHECK(original == "PRJ-" + std::string(256 * 4096, '7'));
}

TEST_CASE("Redaction: a long match is one span", "[redaction]") {
  const std::string match = "PRJ-" + std::string(300'000, '7');
  const auto redacted = RedactWhole(Default(), "x " + match + " y");
  REQUIRE(redacted.ok());
  CHECK(redacted->text == "x <PROJECT> y");
  REQUIRE(redacted->spans.size() == 1);
  CHECK(redacted->spans[0].input_begin == 2);
  CHECK(redacted->spans[0].input_end == 2 + match.size());
  CHECK(redacted->spans[0].original == match);
}

TEST_CASE("Redaction: an endless prefix of a match fails closed at the limit", "[redaction]") {
  const auto rules = Compiled({Simple("x", "a+b")}, {4096, 1000});
  const std::string text(2000, 'a');
  for (const std::size_t piece : {1, 7, 256, 2000}) {
    RedactionStream stream(rules);
    std::string out;
    std::vector<RedactedSpan> spans;
    absl::Status status;
    std::size_t fed = 0;
    for (; fed < text.size() && status.ok(); fed += piece) {
      status = stream.Feed(absl::string_view(text).substr(fed, piece), false, &out, &spans);
    }
    CHECK(status.code() == absl::StatusCode::kResourceExhausted);
    CHECK(out.empty());
    CHECK_FALSE(stream.Feed(" ", true, &out, &spans).ok());
    CHECK(out.empty());
  }
}

TEST_CASE("Redaction: a megabyte of each adversarial text takes linear time and little memory",
          "[redaction]") {
  const std::vector<std::string> nasties = {"4111 1111 1111 1111 ",
                                            "1 ",
                                            "9",
                                            "QUJDREVGRw",
                                            "eyJhbGci",
                                            "a.",
                                            "a@",
                                            "a@b.",
                                            "::",
                                            "GB29 ",
                                            "-----BEGIN PRIVATE KEY-----\n",
                                            "\xC3\xA9",
                                            "\xFF\x80\xE2",
                                            std::string(1, '\0'),
                                            "https://a:",
                                            "+1 415 "};
  for (const std::string& nasty : nasties) {
    INFO(nasty);
    RedactionStream stream(Default());
    std::string out;
    std::vector<RedactedSpan> spans;
    std::size_t memory = 0;
    std::string chunk;
    while (chunk.size() < 4096) chunk += nasty;
    for (int i = 0; i < 64; ++i) {
      REQUIRE(stream.Feed(chunk, false, &out, &spans).ok());
      memory = std::max(memory, stream.memory_bytes());
    }
    REQUIRE(stream.Feed("", true, &out, &spans).ok());
    CHECK(memory < 96 * 1024);
  }
}

TEST_CASE("Redaction: bytes that are not UTF-8 are released unchanged", "[redaction]") {
  const std::string text = "\xFF\xFE 4111111111111111 \xC3 \xE2\x80 \xF4\x90\x80\x80 john@x.io\x80";
  CHECK(InPieces({text}) == "\xFF\xFE <CREDIT_CARD> \xC3 \xE2\x80 \xF4\x90\x80\x80 <EMAIL>\x80");
}

TEST_CASE("Redaction: without rules every text is released unchanged", "[redaction]") {
  const auto none = Compiled({});
  CHECK(none->empty());
  RedactionStream stream(none);
  CHECK(Fed(stream, "4111111111111111") == "4111111111111111");
  CHECK(stream.held() == 0);
}

TEST_CASE("Redaction: a stream may not be fed after its end", "[redaction]") {
  RedactionStream stream(Default());
  CHECK(Fed(stream, "a", true) == "a");
  std::string out;
  std::vector<RedactedSpan> spans;
  CHECK(stream.Feed("b", false, &out, &spans).code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("RuleSet: a rule that cannot be compiled names its entity", "[redaction]") {
  CHECK(RuleSet::Compile({Simple("empty", "a*")}).status().message() ==
        "empty: the pattern matches the empty text");
  RedactionRule validated = Simple("wide", "a+");
  validated.validator = [](absl::string_view) { return true; };
  CHECK(RuleSet::Compile({validated}).status().message() ==
        "wide: a validated pattern may match at most 2048 bytes");
}

TEST_CASE("Redaction: matches below min_count are released", "[redaction]") {
  RedactionRule rule = Simple("id", "[0-9]{4}");
  rule.min_count = 3;
  const auto rules = Compiled({rule, Simple("word", "x[0-9]")});
  CHECK(RedactWhole(rules, "1111 2222 3333 4444")->text == "1111 2222 <id> <id>");
  CHECK(RedactWhole(rules, "1111 2222")->text == "1111 2222");
  // A cluster that contains another rule's match, too, is replaced and not counted.
  CHECK(RedactWhole(rules, "1111 x2222 3333 4444")->text == "1111 <word> 3333 <id>");
  RedactionStream stream(rules);
  CHECK(Fed(stream, "11") == "");
  CHECK(Fed(stream, "11 2222 33") == "1111 2222 ");
  CHECK(Fed(stream, "33.") == "<id>.");
}

TEST_CASE("Redaction: matches of rules of one group are counted together", "[redaction]") {
  RedactionRule digits = Simple("id", "[0-9]{4}");
  RedactionRule letters = Simple("id", "[a-z]{4}");
  digits.min_count = letters.min_count = 3;
  CHECK(RedactWhole(Compiled({digits, letters}), "1111 aaaa 2222 bbbb 3333")->text ==
        "1111 aaaa 2222 bbbb <id>");
  digits.group = letters.group = "id";
  CHECK(RedactWhole(Compiled({digits, letters}), "1111 aaaa 2222 bbbb")->text ==
        "1111 aaaa <id> <id>");
}

TEST_CASE("Redaction: disguised digits, separators and letters are recognised", "[redaction]") {
  const auto masked = [&](absl::string_view text) { return RedactWhole(Default(), text)->text; };
  CHECK(masked("\uFF14\uFF11\uFF11\uFF11 1111\u20131111\u00A0\u0661\u0661\u0661\u0661.") ==
        "<CREDIT_CARD>.");
  CHECK(masked("4\u200B1\u00AD11\u2060111111\uFE0F111111") == "<CREDIT_CARD>");
  CHECK(masked("jo\u200Bhn\uFF20x\uFF0Eio") == "<EMAIL>");
  CHECK(masked("536\u221290\u20104399") == "<US_SSN>");
  CHECK(masked("\U0001D7D2111111111111111") == "<CREDIT_CARD>");
}

TEST_CASE("Redaction: invisible characters beside a match are not part of it", "[redaction]") {
  const std::string text = "a\u200B\u200B4111\u200B111111111111\u200B\u200B b";
  const auto redacted = RedactWhole(Default(), text);
  CHECK(redacted->text == text);  // "a4…": the neighbour is a letter
  const auto apart = RedactWhole(Default(), "a \u200B4111\u200B111111111111\u200B b");
  CHECK(apart->text == "a \u200B<CREDIT_CARD>\u200B b");
  REQUIRE(apart->spans.size() == 1);
  CHECK(apart->spans[0].original == "4111\u200B111111111111");
  CHECK(apart->spans[0].input_begin == 5);
  CHECK(apart->spans[0].input_end == 24);
}

TEST_CASE("Redaction: an unfinished character is held, up to three bytes", "[redaction]") {
  RedactionStream stream(Compiled({Simple("x", "45")}));
  CHECK(Fed(stream, "a\xEF\xBC") == "a");
  CHECK(stream.held() == 2);
  CHECK(Fed(stream, "\x94") == "");  // U+FF14: the digit 4
  CHECK(Fed(stream, "x\xF0\x9D\x9F") == "\xEF\xBC\x94x");
  CHECK(stream.held() == 3);
  CHECK(Fed(stream, "", true) == "\xF0\x9D\x9F");
}

TEST_CASE("Redaction: endless invisible characters fail closed at the limit", "[redaction]") {
  const auto rules = Compiled({Simple("x", "ab")}, {4096, 1000});
  for (const std::size_t piece : {1, 3, 300}) {
    RedactionStream stream(rules);
    std::string out;
    std::vector<RedactedSpan> spans;
    absl::Status status = stream.Feed("a", false, &out, &spans);
    std::string dropped;
    for (int i = 0; i < 100; ++i) dropped += "\u200B";
    std::size_t fed = 0;
    for (std::size_t at = 0; status.ok() && fed < 10'000; at = (at + piece) % 300, fed += piece) {
      status = stream.Feed(absl::string_view(dropped).substr(at, piece), false, &out, &spans);
    }
    CHECK(status.code() == absl::StatusCode::kResourceExhausted);
    CHECK(fed < 1600);
    CHECK(out.empty());
  }
  RedactionStream idle(rules);
  for (int i = 0; i < 10'000; ++i) CHECK(Fed(idle, "\u200B") == "\u200B");
  CHECK(idle.memory_bytes() < 1024);
}

TEST_CASE("Redaction: an endless private key is replaced once, with bounded memory",
          "[redaction]") {
  RedactionStream stream(Default());
  std::string out = Fed(stream, absl::StrCat("x -----BEGIN PRIVATE", " KEY-----\n"));
  std::size_t memory = 0;
  for (int i = 0; i < 16'384; ++i) {
    out += Fed(stream, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n");
    memory = std::max(memory, stream.memory_bytes());
  }
  out += Fed(stream, "", true);
  CHECK(out == "x <PRIVATE_KEY>");
  CHECK(memory < 64 * 1024);
}

TEST_CASE("Redaction: a stream keeps the rules that it was opened with", "[redaction]") {
  auto rules = Compiled({Simple("old", "ab+c")});
  RedactionStream stream(rules);
  CHECK(Fed(stream, "xab") == "x");
  rules = Compiled({Simple("new", "q")});
  CHECK(Fed(stream, "bcq") == "<old>q");
}

TEST_CASE("RedactionStream: ten thousand idle streams use little memory", "[redaction]") {
  RedactionStream stream(Default());
  Fed(stream, "Some ordinary text, as models write it, with a number like 12 34 ");
  CHECK(stream.memory_bytes() - stream.held() < 2048);
}

TEST_CASE("Redaction: rules of one group are replaced as one rule would be", "[redaction]") {
  RedactionRule word = Simple("word", "[a-z]+");
  word.rewrite = [](absl::string_view original) { return std::string(original.substr(0, 1)); };
  word.mixed_replacement = "<mixed>";
  RedactionRule three = word;
  three.regex = regex::ParseRegex("[a-z]{3}").value();
  const auto masked = [&](bool whole) {
    const auto rules = Compiled({word, three});
    if (whole) return RedactWhole(rules, "abcd")->text;
    RedactionStream stream(rules);
    const std::string first = Fed(stream, "ab");
    return first + Fed(stream, "cd", true);
  };
  CHECK(masked(true) == "<mixed>");
  CHECK(masked(false) == "<mixed>");
  word.group = three.group = "words";
  CHECK(masked(true) == "a");
  CHECK(masked(false) == "a");
  three.group = "others";
  CHECK(masked(true) == "<mixed>");
}

}  // namespace
}  // namespace countersign::text::redaction
