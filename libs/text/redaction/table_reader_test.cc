#include "libs/text/redaction/table_reader.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::text::redaction {
namespace {

// Masks numbers of four digits behind `pin`, and words of four letters behind `key`.
std::shared_ptr<const RuleSet> Rules() {
  RedactionRule pin;
  pin.entity = "pin";
  pin.regex = regex::ParseRegex("[0-9]{4}").value();
  pin.left_forbidden = regex::ByteSet::Word();
  pin.right_forbidden = regex::ByteSet::Word();
  pin.context = {.words = {"pin"}, .beside = true};
  pin.replacement = "#";
  RedactionRule key = pin;
  key.entity = "key";
  key.regex = regex::ParseRegex("[a-z]{4}[0-9]").value();
  key.context = {.words = {"api key"}, .named = true};
  key.replacement = "*";
  return RuleSet::Compile({pin, key}).value();
}

std::string Masked(const std::string& text, std::size_t size) {
  static const auto& rules = *new std::shared_ptr<const RuleSet>(Rules());
  RedactionStream stream(rules);
  std::string out;
  std::vector<RedactedSpan> spans;
  for (std::size_t at = 0; at <= text.size(); at += size) {
    const bool end = at + size > text.size();
    REQUIRE(stream.Feed(absl::string_view(text).substr(at, size), end, &out, &spans).ok());
  }
  return out;
}

// As a whole, in pieces, and as a part of a text that is scanned in bulk.
std::string Masked(const std::string& text) {
  const std::string masked = Masked(text, 1 << 20);
  for (const std::size_t size : {1, 2, 7, 50}) CHECK(Masked(text, size) == masked);
  const std::string before = std::string(300, '.') + "\n";
  CHECK(Masked(before + text, 1 << 20) == before + masked);
  return masked;
}

std::string Repeat(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST_CASE("Redaction: several spaces separate the columns of a table", "[redaction]") {
  CHECK(Masked("NAME      PIN    CITY\n" + Repeat("Ann Lee   1234   5678\n", 40)) ==
        "NAME      PIN    CITY\n" + Repeat("Ann Lee   #   5678\n", 40));
  CHECK(Masked("  id    pin\n  ----  ----\n  1111  1234\n") ==
        "  id    pin\n  ----  ----\n  1111  #\n");
  // A gap within a cell of another table is a part of the cell, and a list in a source is no table.
  CHECK(Masked("| pin | a |\n| x   1234 | 5678 |\n") == "| pin | a |\n| x   1234 | 5678 |\n");
  CHECK(Masked("a, pin,\nb, 1234,\n") == "a, pin,\nb, 1234,\n");
}

TEST_CASE("Redaction: a table stands in one string of a document", "[redaction]") {
  const std::string edge = unicode::kStringEdgeMark;
  const std::string rows = Repeat("Lee,1234\n", 20);
  CHECK(Masked("{" + edge + "a" + edge + ":" + edge + "name,pin\n" + rows + edge + "," + edge +
               "x,5678" + edge) == "{" + edge + "a" + edge + ":" + edge + "name,pin\n" +
                                       Repeat("Lee,#\n", 20) + edge + "," + edge + "x,5678" + edge);
  CHECK(Masked("pin: |\n  1234 1234\n") == "pin: |\n  1234 1234\n");
}

TEST_CASE("Redaction: a header names what each row of its table holds", "[redaction]") {
  CHECK(
      Masked("| name | PIN | zip |\n|---|---|---|\n" + Repeat("| Ann Lee | 1234 | 5678 |\n", 40)) ==
      "| name | PIN | zip |\n|---|---|---|\n" + Repeat("| Ann Lee | # | 5678 |\n", 40));
  CHECK(Masked("name,pin,zip\n" + Repeat("\"Lee, Ann\",1234,5678\n", 40)) ==
        "name,pin,zip\n" + Repeat("\"Lee, Ann\",#,5678\n", 40));
  CHECK(Masked("name;PIN code\r\n" + Repeat("Ann;\"1234\"\r\n", 9)) ==
        "name;PIN code\r\n" + Repeat("Ann;\"#\"\r\n", 9));
  CHECK(Masked("zip\tpin\tapiKey\n" + Repeat("5678\t1234\tabcd1\n", 9)) ==
        "zip\tpin\tapiKey\n" + Repeat("5678\t#\t*\n", 9));
  CHECK(Masked("| **PIN** | Key |\n" + Repeat("| `1234` | abcd1 |\n", 9)) ==
        "| **PIN** | Key |\n" + Repeat("| `#` | abcd1 |\n", 9));
}

TEST_CASE("Redaction: a table ends where its rows end", "[redaction]") {
  const std::string far(80, '.');
  CHECK(Masked("a,pin\nx,1234\n\nx,1234\n") == "a,pin\nx,#\n\nx,1234\n");
  CHECK(Masked("a,pin\nx,1234\n" + far + "\nx,1234\n") == "a,pin\nx,#\n" + far + "\nx,1234\n");
  CHECK(Masked("a,pin\nx,1234\napi key,b\nabcd1,1234\n") == "a,pin\nx,#\napi key,b\n*,1234\n");
}

TEST_CASE("Redaction: sentences, data and masked rows are no headers", "[redaction]") {
  const std::string far(80, '.');
  for (const std::string header :
       {"Call me, or send the pin.", "a, pin 1", "x, <PIN>", "a, pin = b",
        "this is a sentence that is too long for a header, with a pin", "pin"}) {
    INFO(header);
    const std::string text = absl::StrCat(header, "\n", far, ",1234\nx,1234\n");
    CHECK(Masked(text) == text);
  }
}

}  // namespace
}  // namespace countersign::text::redaction
