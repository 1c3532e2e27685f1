#include "libs/config/fields.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "libs/config/testing/read_fields.h"

namespace countersign::config {
namespace {

std::string ListMistakes(const std::string& yaml, const std::function<void(Fields&)>& read) {
  return testing::ReadFields(yaml, "", read);
}

std::string Canonical(const std::string& yaml) {
  std::string out;
  REQUIRE(AppendCanonicalJson(YAML::Load(yaml), out).ok());
  return out;
}

}  // namespace

TEST_CASE("Fields: an unknown field is reported with its line", "[config]") {
  CHECK(ListMistakes("a: 1\nb: 2\n", [](Fields& f) { f.Integer("a", 0, 0, 9); }) ==
        "f.yaml:2: b: unknown field");
}

TEST_CASE("Fields: a duplicate field is a mistake", "[config]") {
  CHECK(ListMistakes("a: x\na: y\n", [](Fields& f) { f.String("a"); }) ==
        "f.yaml:2: a: is given twice");
}

TEST_CASE("Fields: a quoted number is a mistake where a number is read", "[config]") {
  CHECK(ListMistakes("a: \"1\"\n", [](Fields& f) { f.Integer("a", 0, 0, 9); }) ==
        "f.yaml:1: a: must be written without quotes, not \"1\"");
}

TEST_CASE("Fields: values out of bounds and of the wrong form are mistakes", "[config]") {
  const auto say = [](const std::string& yaml) {
    return ListMistakes(yaml, [](Fields& f) {
      f.Integer("i", 1, 1, 9);
      f.Bool("b", false);
      f.Duration("d", absl::Minutes(1), absl::Seconds(1), absl::Hours(1));
      f.Number("n", 0);
      f.Strings("l");
      f.Choice("o", {"x", "y"});
    });
  };
  CHECK(say("i: 0").find("must be from 1 to 9, not 0") != std::string::npos);
  CHECK(say("i: 1.5").find("must be a whole number") != std::string::npos);
  CHECK(say("i: 0x1").find("must be a whole number") != std::string::npos);
  CHECK(say("b: yes").find("must be true or false") != std::string::npos);
  CHECK(say("d: 15").find("must be a duration") != std::string::npos);
  CHECK(say("d: -1s").find("must be from 1s to 1h") != std::string::npos);
  CHECK(say("n: .inf").find("must be a number") != std::string::npos);
  CHECK(say("l: x").find("must be a list") != std::string::npos);
  CHECK(say("l: [\"\"]").find("l[0]: must be a text") != std::string::npos);
  CHECK(say("o: z").find("must be one of x, y") != std::string::npos);
  CHECK(say("i:").find("has no value") != std::string::npos);
  CHECK(say("i: 3\nb: true\nd: 5m\nn: -1.5\nl: [a]\no: x").empty());
}

TEST_CASE("AppendCanonicalJson: sorts keys and keeps the type of plain scalars only", "[config]") {
  CHECK(Canonical("b: [1, \"1\", true, x, 007, null]\na: {d: 1.5, c: ''}") ==
        R"({"a":{"c":"","d":1.5},"b":[1,"1",true,"x","007",null]})");
}

TEST_CASE("AppendCanonicalJson: a number has one spelling", "[config]") {
  std::string json;
  REQUIRE(AppendCanonicalJson(
              YAML::Load("[1.50, 1.5, 1e3, -0, 0.0, 1.0, 0.1, -2.5e-7, 9223372036854775807, "
                         "'1.50']"),
              json)
              .ok());
  CHECK(json == R"([1.5,1.5,1000,0,0,1,0.1,-2.5e-07,9223372036854775807,"1.50"])");
}

TEST_CASE("AppendCanonicalJson: an alias bomb is refused", "[config]") {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) yaml += ", " + before;
    yaml += "]\n";
  }
  std::string out;
  CHECK_FALSE(AppendCanonicalJson(YAML::Load(yaml), out).ok());
}

}  // namespace countersign::config
