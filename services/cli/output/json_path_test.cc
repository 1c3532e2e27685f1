#include "services/cli/output/json_path.h"

#include <catch2/catch.hpp>

namespace countersign::cli::output {
namespace {

constexpr char kDocument[] = R"({"items":[
  {"name":"a","size":1,"labels":{"team/x":"red"},"tags":["p","q"]},
  {"name":"b","size":2,"on":true}],"next":""})";

std::string Evaluate(absl::string_view text) {
  const auto document = json::Document::Parse(kDocument);
  const auto path = JsonPath::Parse(text);
  REQUIRE(document.ok());
  REQUIRE(path.ok());
  return path->Evaluate(document->root());
}

std::string MistakeIn(absl::string_view text) {
  const auto path = JsonPath::Parse(text);
  return path.ok() ? "none" : std::string(path.status().message());
}

TEST_CASE("JsonPath: members, indices and all items", "[cli][output]") {
  CHECK(Evaluate("{.items[0].name}") == "a");
  CHECK(Evaluate("{.items[-1].name}") == "b");
  CHECK(Evaluate("{.items[*].size}") == "1 2");
  CHECK(Evaluate("{$.items[0]['labels']['team/x']}") == "red");
  CHECK(Evaluate("{.items[0].tags}") == R"(["p","q"])");
  CHECK(Evaluate("{.items[1].on}") == "true");
  CHECK(Evaluate("{.items[0].tags.*}") == "p q");
}

TEST_CASE("JsonPath: what is not there is empty", "[cli][output]") {
  CHECK(Evaluate("{.items[7].name}").empty());
  CHECK(Evaluate("{.nothing.at.all}").empty());
  CHECK(Evaluate("{.items[-3]}").empty());
}

TEST_CASE("JsonPath: text around, loops and escapes", "[cli][output]") {
  CHECK(Evaluate(R"({range .items[*]}{.name}={.size}{"\n"}{end}done)") == "a=1\nb=2\ndone");
  CHECK(Evaluate("first: {.items[0].name}") == "first: a");
}

TEST_CASE("JsonPath: conditions", "[cli][output]") {
  CHECK(Evaluate(R"({.items[?(@.name=="b")].size})") == "2");
  CHECK(Evaluate(R"({.items[?(@.size!=1)].name})") == "b");
  CHECK(Evaluate(R"({.items[?(@.on == true)].name})") == "b");
}

TEST_CASE("JsonPath: braces may be left out of a path", "[cli][output]") {
  CHECK(Evaluate(".items[*].name") == "a b");
  CHECK(Evaluate("items[0].name") == "a");
}

TEST_CASE("JsonPath: mistakes say what and where", "[cli][output]") {
  CHECK(MistakeIn("{.items[0}") == "jsonpath: not an index, at \"0}\"");
  CHECK(MistakeIn("{.items") == "jsonpath: a } is missing, at \"{.items\"");
  CHECK(MistakeIn("{range .items[*]}x") ==
        "jsonpath: a {range} without its {end}, at \"{range .items[*]}x\"");
  CHECK(MistakeIn("{end}") == "jsonpath: an {end} without its {range}, at \"{end}\"");
  CHECK(MistakeIn("{.a[?(@.b)]}") ==
        "jsonpath: a condition is PATH==VALUE or PATH!=VALUE, at \")]}\"");
  CHECK(MistakeIn("{\"a}") == "jsonpath: a quotation mark is missing, at \"\"a}\"");
  CHECK(MistakeIn("a b") == "jsonpath: not a path, at \" b\"");
}

}  // namespace
}  // namespace countersign::cli::output
