#include "services/cli/output/output.h"

#include <catch2/catch.hpp>
#include <sstream>

namespace countersign::cli::output {
namespace {

json::Document Parse(absl::string_view text) {
  auto document = json::Document::Parse(text);
  REQUIRE(document.ok());
  return *std::move(document);
}

}  // namespace

TEST_CASE("Printable: invisible characters are escaped", "[cli]") {
  CHECK(Printable("a\nb\tc\x1b[31m") == "a\\nb\\tc\\u{1b}[31m");
  CHECK(Printable("x\u202ey\u200bz\u00ad") == "x\\u{202e}y\\u{200b}z\\u{ad}");
  CHECK(Printable("\U000E0041") == "\\u{e0041}");
  CHECK(Printable("caf\u00e9 \u4f60\u597d") == "caf\u00e9 \u4f60\u597d");
  CHECK(Printable("\xff") == "\\x{ff}");
}

TEST_CASE("Table: columns are as wide as their widest cell", "[cli]") {
  Table table({"ID", "STATE"});
  table.Add({"r-1", "PENDING"});
  table.Add({"caf\u00e9", "X"});
  std::ostringstream out;
  table.Print(out);
  CHECK(out.str() == "ID    STATE\nr-1   PENDING\ncaf\u00e9  X\n");
}

TEST_CASE("PrintJson: keeps the order of members and indents", "[cli]") {
  std::ostringstream out;
  PrintJson(out, Parse(R"({"b":[1,{"c":null}],"a":{},"d":1.5})").root());
  CHECK(out.str() ==
        "{\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"a\": {},\n  \"d\": "
        "1.5\n}\n");
}

TEST_CASE("PrintYaml: quotes what YAML would read as something else", "[cli]") {
  std::ostringstream out;
  PrintYaml(
      out,
      Parse(R"({"kind":"Policy","on":"yes","list":["a b",{"x":1,"z":[true]}],"e":[]})").root());
  CHECK(out.str() ==
        "kind: Policy\n\"on\": \"yes\"\nlist:\n- \"a b\"\n- x: 1\n  z:\n  - true\ne: []\n");
}

TEST_CASE("ToJson: gives compact JSON that is equal to the value", "[cli]") {
  const std::string text = R"({"a":[1,2.5,"x\n",true,null,{}],"b":{"c":[]}})";
  CHECK(ToJson(Parse(text).root()) == text);
}

TEST_CASE("Cell: times lose their fraction, lists are joined, nothing is a dash", "[cli]") {
  const json::Document document =
      Parse(R"({"t":"2026-01-02T03:04:05.678Z","l":["a","b"],"m":{"x":2},"n":null,"e":""})");
  const json::Value root = document.root();
  CHECK(Cell(root["t"]) == "2026-01-02T03:04:05Z");
  CHECK(Cell(root["l"]) == "a,b");
  CHECK(Cell(root["m"]) == "x=2");
  CHECK(Cell(root["n"]) == "-");
  CHECK(Cell(root["e"]) == "-");
  CHECK(Cell(root["absent"]) == "-");
}

}  // namespace countersign::cli::output
