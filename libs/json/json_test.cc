#include <catch2/catch.hpp>

#include "libs/json/any_json.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::json {
namespace {

Document Read(absl::string_view text) {
  auto document = Document::Parse(text);
  INFO(document.status());
  REQUIRE(document.ok());
  return *std::move(document);
}

}  // namespace

TEST_CASE("Document: walks objects and arrays in the order of the source", "[json]") {
  const Document document = Read(R"({"b": [1, -2.5, true, null], "a": {"x": "y"}})");
  const Value root = document.root();
  CHECK(root.key(0) == "b");
  CHECK(root["b"].size() == 4);
  CHECK(root["b"].at(0).integer() == 1);
  CHECK(root["b"].at(1).number() == -2.5);
  CHECK_FALSE(root["b"].at(1).integer().has_value());
  CHECK(root["b"].at(2).boolean() == true);
  CHECK(root["b"].at(3).is(Type::kNull));
  CHECK(root["a"]["x"].text() == "y");
  CHECK_FALSE(root["a"]["nothing"]["at"]["all"].exists());
}

TEST_CASE("Document: every value has its range in the source", "[json]") {
  const std::string source = " { \"a\\\"b\" : [ \"x\\\\\" , {} , 12e1 ] , \"c\":{\"d\":false} } ";
  const Document document = Read(source);
  const Value root = document.root();
  const auto raw = [&](Value value) {
    return source.substr(value.begin(), value.end() - value.begin());
  };
  CHECK(raw(root) == source.substr(1, source.size() - 2));
  CHECK(raw(root["a\"b"]) == "[ \"x\\\\\" , {} , 12e1 ]");
  CHECK(raw(root["a\"b"].at(0)) == "\"x\\\\\"");
  CHECK(raw(root["a\"b"].at(1)) == "{}");
  CHECK(raw(root["a\"b"].at(2)) == "12e1");
  CHECK(raw(root["c"]["d"]) == "false");
}

TEST_CASE("Document: decodes escapes and surrogate pairs", "[json]") {
  CHECK(Read(R"("\u0034\ud83d\ude00\/\n")").root().text() == "4\xF0\x9F\x98\x80/\n");
}

TEST_CASE("Document: refuses input that two parsers could read differently", "[json]") {
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  for (const std::string& bad :
       {std::string("{\"a\":1,\"a\":2}"), std::string("{\"a\":1,\"\\u0061\":2}"),
        std::string("{} x"), std::string("[1,]"), std::string("'a'"), std::string("\"\xff\""),
        std::string("\"\\ud800\""), std::string("\"\\udc00\""), std::string("01"),
        std::string("NaN"), std::string(""), std::string("  "), std::string("\xEF\xBB\xBF{}"),
        std::string("{\"a\""), std::string("\"a\nb\""), deep}) {
    INFO(bad);
    CHECK_FALSE(Document::Parse(bad).ok());
  }
}

TEST_CASE("Document: names the place of a duplicate key", "[json]") {
  const auto document = Document::Parse("{\n  \"m\": 1,\n  \"m\": 2}");
  REQUIRE_FALSE(document.ok());
  CHECK(document.status().message() == "line 3, column 3: duplicate key \"m\"");
}

TEST_CASE("Document: refuses input above the limit without parsing it", "[json]") {
  Limits limits;
  limits.max_bytes = 4;
  CHECK_FALSE(Document::Parse("\"1234\"", limits).ok());
}

TEST_CASE("Document: refuses more values than the limit without parsing them", "[json]") {
  Limits limits;
  limits.max_values = 4;
  for (const char* text :
       {"[1,2,3]", R"({"a":1,"b":{"c":"[,,,{{{"}})", "{}", "1", R"(["\"],[,[,[",2,3])"}) {
    CAPTURE(text);
    CHECK(Document::Parse(text, limits).ok());
  }
  for (const char* text :
       {"[1,2,3,4]", R"({"a":1,"b":{"c":[1]}})", "[[[[1]]]]", R"(["\\",1,2,3])"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(Document::Parse(text, limits).status()));
  }
}

TEST_CASE("Document: the limits of a body allow long values and many values", "[json]") {
  std::string numbers = "[1";
  for (int i = 1; i < 60'000; ++i) numbers += ",1";
  CHECK(Document::Parse(numbers + "]", BodyLimits(numbers.size())).ok());
  numbers.clear();
  for (int i = 0; i < 2'000'000; ++i) numbers += i == 0 ? "[1" : ",1";
  CHECK_FALSE(Document::Parse(numbers + "]", BodyLimits(numbers.size())).ok());
  std::string texts = "[";
  for (int i = 0; i < 200'000; ++i) texts += R"("abcdefghijklmn",)";
  texts.back() = ']';
  CHECK(Document::Parse(texts, BodyLimits(texts.size())).ok());
}

TEST_CASE("Document: numbers beyond the usual ranges are read where they are accepted", "[json]") {
  const std::string source =
      R"([ 123456789012345678901234567890 , 1e400,{"a":-1e400},4.5,-7,"1e400"])";
  CHECK_FALSE(Document::Parse(source).ok());
  for (const Limits& limits : {Limits(), BodyLimits(source.size())}) {
    const Document document = ParseAnyJson(source, limits).value();
    const Value root = document.root();
    CHECK(root.at(0).number() == 123456789012345678901234567890.0);
    CHECK_FALSE(root.at(0).integer().has_value());
    CHECK(source.substr(root.at(0).begin(), root.at(0).end() - root.at(0).begin()) ==
          "123456789012345678901234567890");
    constexpr double kLargest = std::numeric_limits<double>::max();
    CHECK(root.at(1).number() == kLargest);
    CHECK(root.at(2)["a"].number() == -kLargest);
    CHECK(root.at(3).number() == 4.5);
    CHECK(root.at(4).integer() == -7);
    CHECK(root.at(5).text() == "1e400");
  }
  for (const char* bad : {"[1e400,01]", "[1e400", "1e400x", "[1e400,]", "99999999999999999999."}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseAnyJson(bad).ok());
  }
}

TEST_CASE("Document: the last of several members of a name is found where they are accepted",
          "[json]") {
  AnyJson any;
  any.duplicate_names = true;
  const Document document = ParseAnyJson(R"({"a":1,"b":2,"a":3})", Limits(), any).value();
  CHECK(document.root().size() == 3);
  CHECK(document.root()["a"].integer() == 3);
  CHECK_FALSE(ParseAnyJson(R"({"a":1,"a":3})").ok());
}

TEST_CASE("Document: elements and members of nested values are separate", "[json]") {
  const Document document = Read(R"([[1,[2,3],{"a":[4,{"b":5}],"c":6}],{"d":[]},7])");
  const Value root = document.root();
  REQUIRE(root.size() == 3);
  CHECK(root.at(0).at(0).integer() == 1);
  CHECK(root.at(0).at(1).at(1).integer() == 3);
  CHECK(root.at(0).at(2)["a"].at(1)["b"].integer() == 5);
  CHECK(root.at(0).at(2).key(1) == "c");
  CHECK(root.at(0).at(2)["c"].integer() == 6);
  CHECK(root.at(1)["d"].size() == 0);
  CHECK(root.at(1)["d"].is(Type::kArray));
  CHECK(root.at(2).integer() == 7);
  CHECK_FALSE(root.at(3).exists());
  CHECK(root.at(2).size() == 0);
}

TEST_CASE("Writer: a number beyond 64 bits is written so that it reads back", "[json]") {
  for (const double number : {1e15, 1.8446744073709552e19, -808297509900085231616.0, 1e300}) {
    Writer writer;
    CAPTURE(writer.Number(number).str());
    CHECK(Read(writer.str()).root().number() == number);
  }
}

TEST_CASE("Writer: writes compact JSON that reads back", "[json]") {
  Writer writer;
  writer.BeginObject().Key("a").BeginArray().Int(1).Number(0.1).Null().Bool(true).EndArray();
  writer.Key("b").String("\"\\\n\x01\xC3\xA9").Key("c").BeginObject().EndObject().EndObject();
  CHECK(writer.str() == "{\"a\":[1,0.1,null,true],\"b\":\"\\\"\\\\\\n\\u0001\xC3\xA9\",\"c\":{}}");
  CHECK(Read(writer.str()).root()["b"].text() == "\"\\\n\x01\xC3\xA9");
}

TEST_CASE("Writer: the text can be moved out, whatever size was reserved", "[json]") {
  for (const std::size_t expected : {0, 1, 1000}) {
    Writer writer(expected);
    writer.BeginObject().Key("a").String("text").EndObject();
    CHECK(writer.TakeString() == R"({"a":"text"})");
  }
}

}  // namespace countersign::json
