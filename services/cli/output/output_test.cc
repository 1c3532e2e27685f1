#include "services/cli/output/listing.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "libs/json/writer.h"

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
  Table table{"ID", "STATE"};
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

TEST_CASE("PrintYaml, PrintJson: characters that a terminal or parser acts on are escaped",
          "[cli]") {
  // Escape sequences, C1 controls, DEL, bidirectional and zero-width characters, line separators, a
  // byte order mark, and tags beyond U+FFFF.
  const std::string hostile =
      "gpt\x1b[2J\x1b]0;x\x07 \x7f\xc2\x9b\x33m \u202egnp.exe \u200b\u2028\u2029\ufeff \U000E0041 "
      "caf\u00e9";
  json::Writer writer;
  writer.BeginObject().Key("model").String(hostile).Key(hostile).Int(1).EndObject();
  const json::Document document = Parse(writer.str());
  std::ostringstream yaml;
  PrintYaml(yaml, document.root());
  std::ostringstream json;
  PrintJson(json, document.root());
  for (const std::string& text : {yaml.str(), json.str(), ToJson(document.root())}) {
    INFO(text);
    for (const char* const raw : {"\x1b", "\x07", "\x7f", "\xc2\x9b", "\u202e", "\u200b", "\u2028",
                                  "\ufeff", "\U000E0041"}) {
      CHECK(text.find(raw) == std::string::npos);
    }
    CHECK(text.find("caf\u00e9") != std::string::npos);
  }
  const YAML::Node read = YAML::Load(yaml.str());
  CHECK(read["model"].as<std::string>() == hostile);
  CHECK(read[hostile].as<int>() == 1);
  CHECK(Parse(json.str()).root()["model"].text() == hostile);
  CHECK(Parse(ToJson(document.root())).root()[hostile].integer() == 1);
}

TEST_CASE("Listing: pages are printed as PrintJson and PrintYaml print the whole", "[cli]") {
  const json::Document whole = Parse(
      R"({"items":[{"id":"a","n":{"x":[1]}},{"id":"b"},{"id":"c","l":[]}],"nextPageToken":"t"})");
  const json::Document none = Parse(R"({"items":[],"nextPageToken":""})");
  for (const json::Document* const document : {&whole, &none}) {
    for (const Format format : {Format::kJson, Format::kYaml}) {
      std::ostringstream at_once;
      format == Format::kJson ? PrintJson(at_once, document->root())
                              : PrintYaml(at_once, document->root());
      std::ostringstream streamed;
      Listing listing(streamed, {.format = format}, {});
      for (std::size_t i = 0; i < document->root()["items"].size(); ++i) {
        listing.Add(document->root()["items"].at(i));
        if (i % 2 == 1) listing.EndPage();
      }
      listing.End(document->root()["nextPageToken"].text());
      CHECK(streamed.str() == at_once.str());
    }
  }
}

TEST_CASE("Listing: a table is written page by page under one heading", "[cli]") {
  std::ostringstream out;
  Listing listing(out, {}, {{"ID", "id"}, {"N", "n"}});
  const json::Document items = Parse(R"([{"id":"long-id","n":1},{"id":"b","n":2}])");
  listing.Add(items.root().at(0));
  listing.EndPage();
  CHECK(out.str() == "ID       N\nlong-id  1\n");
  listing.Add(items.root().at(1));
  listing.End("");
  CHECK(out.str() == "ID       N\nlong-id  1\nb        2\n");
}

std::string PrintedTable(TableStyle style, std::vector<TableColumn> columns,
                         const std::vector<std::vector<std::string>>& rows) {
  Table table(std::move(columns), style);
  for (const auto& row : rows) table.Add(row);
  std::ostringstream out;
  table.Print(out);
  return out.str();
}

TEST_CASE("Table: the widest cells are cut until the table fits, ids without a mark", "[cli]") {
  const std::vector<TableColumn> columns = {{.heading = "ID", .least = 4, .is_id = true},
                                            {.heading = "NAME", .least = 3},
                                            {.heading = "N"}};
  const std::vector<std::vector<std::string>> rows = {{"0123456789", "caf\u00e9 noir", "12345"}};
  CHECK(PrintedTable({}, columns, rows) ==
        "ID          NAME       N\n0123456789  caf\u00e9 noir  12345\n");
  CHECK(PrintedTable({.width = 20}, columns, rows) ==
        "ID    NAME     N\n0123  caf\u00e9 n\u2026  12345\n");
  CHECK(PrintedTable({.width = 3}, columns, rows) == "ID    NAME  N\n0123  caf\u2026  12345\n");
}

TEST_CASE("Table: optional columns are left out, the last first, before others are too small",
          "[cli]") {
  const std::vector<TableColumn> columns = {
      {.heading = "NAME"}, {.heading = "A", .optional = true}, {.heading = "B", .optional = true}};
  const std::vector<std::vector<std::string>> rows = {{"name", "aaaa", "bbbb"}};
  CHECK(PrintedTable({.width = 16}, columns, rows) == "NAME  A     B\nname  aaaa  bbbb\n");
  CHECK(PrintedTable({.width = 15}, columns, rows) == "NAME  A\nname  aaaa\n");
  CHECK(PrintedTable({.width = 5}, columns, rows) == "NAME\nname\n");
}

TEST_CASE("Table: states have colours, headings and other cells have none", "[cli]") {
  const std::vector<TableColumn> columns = {{.heading = "STATE", .state = true}, {.heading = "X"}};
  CHECK(PrintedTable({.colours = true, .headings = false}, columns,
                     {{"PENDING", "PENDING"}, {"-", "a"}}) ==
        "\x1b[33mPENDING\x1b[0m  PENDING\n-        a\n");
  CHECK(PrintedTable({.colours = true}, columns, {}) == "STATE  X\n");
}

TEST_CASE("Listing: names, and a JSON path over all items", "[cli]") {
  const json::Document items = Parse(R"([{"id":"a","n":1},{"id":"b","n":2}])");
  const auto print = [&](ListingStyle style) {
    std::ostringstream out;
    Listing listing(out, std::move(style), {{"ID", "id"}});
    for (int i = 0; i < 2; ++i) listing.Add(items.root().at(i));
    listing.End("t");
    return out.str();
  };
  CHECK(print({.format = Format::kName, .name_prefix = "thing/"}) == "thing/a\nthing/b\n");
  CHECK(print({.format = Format::kJsonPath,
               .path = *JsonPath::Parse("{.items[*].n} {.nextPageToken}")}) == "1 2 t");
}

TEST_CASE("SortItems: by a heading or a path, numbers before texts", "[cli]") {
  const json::Document items = Parse(R"([{"n":"x"},{"n":10},{"n":9,"m":{"k":"z"}},{}])");
  const std::vector<Column> columns = {{"COUNT", "n"}};
  const auto sorted = [&](const std::string& by) {
    std::vector<std::string> out;
    std::vector<json::Value> all;
    for (int i = 0; i < 4; ++i) all.push_back(items.root().at(i));
    REQUIRE(SortItems(all, by, columns).ok());
    for (const json::Value item : all) out.push_back(ToJson(item["n"]));
    return out;
  };
  CHECK(sorted("count") == std::vector<std::string>{"9", "10", "null", "\"x\""});
  CHECK(sorted("{.n}") == std::vector<std::string>{"9", "10", "null", "\"x\""});
  CHECK(sorted(".m.k") == std::vector<std::string>{"\"x\"", "10", "null", "9"});
  std::vector<json::Value> none;
  CHECK_FALSE(SortItems(none, "{.n", columns).ok());
}

TEST_CASE("Age: as kubectl shows it", "[cli]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const auto age = [&](absl::Duration ago) {
    return Age(absl::FormatTime(absl::RFC3339_full, now - ago, absl::UTCTimeZone()), now);
  };
  CHECK(age(absl::Seconds(119)) == "119s");
  CHECK(age(absl::Minutes(119)) == "119m");
  CHECK(age(absl::Hours(47)) == "47h");
  CHECK(age(absl::Hours(49)) == "2d");
  CHECK(age(-absl::Hours(1)) == "0s");
  CHECK(Age("", now) == "-");
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
