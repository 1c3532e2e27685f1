#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::text::redaction {
namespace {

std::shared_ptr<const RuleSet> Compiled(std::vector<RedactionRule> rules) {
  auto compiled = RuleSet::Compile(std::move(rules));
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *compiled;
}

RedactionRule Simple(absl::string_view entity, absl::string_view pattern) {
  RedactionRule rule;
  rule.entity = std::string(entity);
  rule.regex = regex::ParseRegex(pattern).value();
  rule.replacement = absl::StrCat("<", entity, ">");
  return rule;
}

std::string Fed(RedactionStream& stream, absl::string_view text) {
  std::string released;
  std::vector<RedactedSpan> spans;
  REQUIRE(stream.Feed(text, false, &released, &spans).ok());
  return released;
}

TEST_CASE("Redaction: a rule with a context needs its word within reach before the match",
          "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.context.words = {"pin", "secret code"};
  const auto rules = Compiled({rule});
  const auto masked = [&](absl::string_view text) { return RedactWhole(rules, text)->text; };
  CHECK(masked("the PIN is 1234") == "the PIN is <pin>");
  CHECK(masked("1234 is the pin") == "1234 is the pin");
  CHECK(masked("card_pin_no 1234") == "card_pin_no <pin>");
  CHECK(masked("spinning 1234") == "spinning 1234");
  CHECK(masked("pin1234 ") == "pin1234 ");
  CHECK(masked("\u00E9pin 1234") == "\u00E9pin 1234");
  CHECK(masked("the secret - code 1234") == "the secret - code <pin>");
  CHECK(masked("the code 1234") == "the code 1234");
  CHECK(masked("p\u200Bin \uFF11\u0662\uFF13\uFF14") == "p\u200Bin <pin>");
  CHECK(masked(" pin" + std::string(61, ' ') + "1234") == " pin" + std::string(61, ' ') + "<pin>");
  CHECK(masked(" pin" + std::string(62, ' ') + "1234") == " pin" + std::string(62, ' ') + "1234");
}

TEST_CASE("Redaction: an assigned context is followed by = or : and the match", "[redaction]") {
  RedactionRule rule = Simple("key", "[a-z0-9]{8}");
  rule.left_forbidden = regex::ByteSet::Word();
  rule.context = {{"token"}, true};
  const auto rules = Compiled({rule});
  for (const char* before :
       {"token = ", "token: ", "\"token\": \"", "TOKEN:=", "token => '",
        "token_for_ci=", "token\t=\t", "config[\"token\"] = \"", "token ?= \"", "$token .= \""}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "a1b2c3d4"))->text ==
          absl::StrCat(before, "<key>"));
  }
  for (const char* before : {"token ", "token > ", "token, key=", "token\n= ", "= ",
                             "token(x) = ", "token?: ", "token.a = "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "a1b2c3d4"))->text ==
          absl::StrCat(before, "a1b2c3d4"));
  }
}

TEST_CASE("Redaction: nothing is held for a rule whose context is absent", "[redaction]") {
  RedactionRule rule = Simple("account", "[0-9]{8}");
  rule.context.words = {"account"};
  RedactionStream stream(Compiled({rule}));
  CHECK(Fed(stream, "number 1234") == "number 1234");
  CHECK(Fed(stream, "5678, acc") == "5678, acc");
  CHECK(Fed(stream, "ount ") == "ount ");
  CHECK(Fed(stream, "1234") == "");
  CHECK(Fed(stream, "5678.") == "<account>.");
}

TEST_CASE("Redaction: the parts of a name in camel case are context words", "[redaction]") {
  RedactionRule rule = Simple("key", "[0-9]{4}");
  rule.context.words = {"key", "db pass"};
  const auto rules = Compiled({rule});
  for (const char* before :
       {"apiKey: ", "API_Key: ", "APIKey = ", "S3Key ", "keyOf ", "dbPass=", "myDbPassNow "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "<key>"));
  }
  for (const char* before : {"monkey ", "apikey ", "KEYS ", "Dbpass ", "Keyring "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "1234"));
  }
}

TEST_CASE("Redaction: a context with `beside` allows no other words before the match",
          "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.context.words = {"pin", "my secret"};
  rule.context.beside = true;
  const auto rules = Compiled({rule});
  for (const char* before :
       {"pin ", "PIN is ", "pin_code_old=", "cardPinNumber: ", "<pin>", "PIN => ", "<pin>\n  ",
        "pin ?= ", "\"pin\", \"value\": \"", "name: PIN\n  value: ", "--pin ", "my secret, no. "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "<pin>"));
  }
  for (const char* before : {"pin of 40 or ", "my secret. ", "pin; ", "a pin in ", "pin\n\n",
                             "my_secret_pins.txt\n", "<PIN> ", "pin                          "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "1234"));
  }
}

TEST_CASE("Redaction: a rule finds nothing after the words of its exclusion", "[redaction]") {
  RedactionRule rule = Simple("number", "[0-9]{2}\\.[0-9]{2}");
  rule.left_forbidden = regex::ByteSet::Word();
  rule.exclusion = {.words = {"version"}, .beside = true};
  const auto rules = Compiled({rule});
  const auto masked = [&](absl::string_view text) { return RedactWhole(rules, text)->text; };
  CHECK(masked("12.34") == "<number>");
  CHECK(masked("version 12.34") == "version 12.34");
  CHECK(masked("at 12.34, version: 12.34") == "at <number>, version: 12.34");
  CHECK(masked("a version came at 12.34") == "a version came at <number>");
  RedactionStream stream(rules);
  CHECK(Fed(stream, "version 12.") == "version 12.");
  CHECK(Fed(stream, "34, or 12.3") == "34, or ");
  CHECK(Fed(stream, "4 ") == "<number> ");
}

TEST_CASE("Redaction: a named context reads every form in which a word names its value",
          "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.left_forbidden = regex::ByteSet::Word();
  rule.context = {.words = {"pin"}, .named = true};
  const auto rules = Compiled({rule});
  for (const char* before : {"pin: ",
                             "pin=",
                             "PIN => ",
                             "pin -> ",
                             "pin is ",
                             "pin1: ",
                             "pin_code_old: ",
                             "**PIN:** ",
                             "`pin`: `",
                             "<b>pin:</b> ",
                             "<td>pin</td><td>",
                             "<pin>",
                             "pin\" value=\"",
                             "| pin | ",
                             "pin:\n  ",
                             "pin: |\n  ",
                             "name: pin\n  value: ",
                             "\"name\":\"pin\",\"value\":\"",
                             "variable \"pin\" {\n  default = \"",
                             "pin '",
                             "PIN (new): ",
                             "my_pin := \"",
                             "pin\\\": \\\"",
                             "%22pin%22%3A%22",
                             "&quot;pin&quot;: &quot;"}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "<pin>"));
  }
  for (const char* before : {"pin ", "the pin of ", "pin, ", "pin\n", "pin:\n\n", "pin; ", "<PIN> ",
                             "<pin> ", "pin: <PIN> ", "pin: see ", "\"pin\", \"", "pin) { "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "1234"));
  }
}

TEST_CASE("Redaction: a list goes on without its word", "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.left_forbidden = regex::ByteSet::Word();
  rule.right_forbidden = regex::ByteSet::Word();
  rule.context.words = {"pins"};
  const auto rules = Compiled({rule});
  const auto masked = [&](absl::string_view text) { return RedactWhole(rules, text)->text; };
  const std::string far(70, '.');
  for (const char* glue : {", ", "; ", ",", " and ", " & ", "\n", "\n- ", "\n  * ", "\", \"", ",\n",
                           "\n2. ", " or "}) {
    INFO(glue);
    std::string items = "1234";
    std::string expected = "<pin>";
    for (int i = 0; i < 30; ++i) {
      absl::StrAppend(&items, glue, "1234");
      absl::StrAppend(&expected, glue, "<pin>");
    }
    CHECK(masked("pins: " + items) == "pins: " + expected);
    // Any cut gives the same.
    RedactionStream stream(rules);
    std::string fed = Fed(stream, "pins: ");
    for (const char& byte : items) fed += Fed(stream, absl::string_view(&byte, 1));
    CHECK(absl::StartsWith("pins: " + expected, fed));
  }
  // Bullets may have labels, if the word stands on a line of its own.
  CHECK(masked("pins\n- Ann: 1234\n- Bob Lee: 1234\n- a: 1234\n" + far + " 1234") ==
        "pins\n- Ann: <pin>\n- Bob Lee: <pin>\n- a: <pin>\n" + far + " 1234");
  CHECK(masked("- pins: 1234" + far + "\n- order: 1234") ==
        "- pins: <pin>" + far + "\n- order: 1234");
  // Other text ends the list.
  CHECK(masked("pins 1234" + far + ", 1234") == "pins <pin>" + far + ", 1234");
  // In a row of a table the next value belongs to another column.
  CHECK(masked("pins,zips\n" + std::string(50, ' ') + "1234,5678") ==
        "pins,zips\n" + std::string(50, ' ') + "<pin>,5678");
}

TEST_CASE("Redaction: words of scripts without spaces stand within longer runs", "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.left_forbidden = regex::ByteSet::Word();
  for (const bool beside : {false, true}) {
    rule.context = {.words = {"密码", "パスワード", "암호"}, .beside = beside};
    const auto rules = Compiled({rule});
    for (const char* before : {"密码：", "您的密码", "新しいパスワードは", "암호는 ", "密码是 "}) {
      for (const std::string& lead : {std::string(), std::string(300, '.')}) {
        INFO(before);
        const std::string text = absl::StrCat(lead, before);
        CHECK(RedactWhole(rules, text + "1234")->text == text + "<pin>");
        RedactionStream stream(rules);
        std::string fed;
        for (const char& byte : text + "1234.") fed += Fed(stream, absl::string_view(&byte, 1));
        CHECK(fed == text + "<pin>.");
      }
    }
    CHECK(RedactWhole(rules, "密 码 1234")->text == "密 码 1234");
  }
}

TEST_CASE("Redaction: words beyond ASCII count in upper case and as titles", "[redaction]") {
  RedactionRule rule = Simple("pin", "[0-9]{4}");
  rule.context.words = {"пароль", "móvil", "mot_de_passe"};
  const auto rules = Compiled({rule});
  for (const char* before :
       {"пароль ", "Пароль ", "ПАРОЛЬ ", "móvil ", "Móvil ", "MÓVIL ", "Mot de Passe "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "1234"))->text == absl::StrCat(before, "<pin>"));
  }
}

TEST_CASE("Redaction: an exclusion may name operators that compare", "[redaction]") {
  RedactionRule rule = Simple("number", "[0-9]{2}\\.[0-9]{2}");
  rule.left_forbidden = regex::ByteSet::Word();
  rule.exclusion = {.words = {"version"}, .beside = true, .compared = true};
  const auto rules = Compiled({rule});
  for (const char* before : {">= ", "a<=", "~> ", "x==", "!= ", "^", "## ", "a < ", "version "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "12.34"))->text == absl::StrCat(before, "12.34"));
  }
  for (const char* before : {"a = ", "<td>", "# ", "a == ", "> "}) {
    INFO(before);
    CHECK(RedactWhole(rules, absl::StrCat(before, "12.34"))->text ==
          absl::StrCat(before, "<number>"));
  }
}

}  // namespace
}  // namespace countersign::text::redaction
