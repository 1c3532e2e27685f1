#include "libs/dialects/members/partition.h"

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::members {
namespace {

const Schema& TestSchema() {
  static const auto& rules =
      *new std::vector<Rule>{{"/model", Kind::kModelId},
                             {"/turns", Kind::kObject},
                             {"/turns/*", Kind::kMessage},
                             {"/turns/*/role", Kind::kChoice, "user assistant developer system"},
                             {"/turns/*/id", Kind::kId, "call_"},
                             {"/turns/*/content", Kind::kParts},
                             {"/turns/*/content/*", Kind::kJoinedText},
                             {"/turns/*/content/*/text", Kind::kJoinedText},
                             {"/turns/*/content/*/image", Kind::kMedia},
                             {"/tool", Kind::kSchema, "type properties", "system"},
                             {"/tool/type", Kind::kChoice, "object string"},
                             {"/tool/type/*", Kind::kChoice, "object string"},
                             {"/seed", Kind::kNumber},
                             {"/bias", Kind::kObject},
                             {"/bias/#", Kind::kNumber}};
  static const auto& schema = *new Schema("test", rules);
  return schema;
}

Partition Divided(const std::string& body) {
  const auto document = json::Document::Parse(body);
  INFO(body);
  REQUIRE(document.ok());
  return Divide(TestSchema(), document->root(), body);
}

// "role pointer text" for every text, in order.
std::vector<std::string> Texts(const Partition& parts) {
  std::vector<std::string> texts;
  for (const domain::TextPart& part : parts.texts) {
    texts.push_back(absl::StrCat(part.role, " ", part.pointer, " ", part.text));
  }
  return texts;
}
using Strings = std::vector<std::string>;

TEST_CASE("Divide: identifiers are plain only at their places and in their form", "[dialects]") {
  const Partition parts = Divided(R"({"model":"gpt-4o","turns":[
      {"role":"user","id":"call_a1b2c3d4","content":"hi"},
      {"role":"assistant","id":"plutonium"}],
      "id":"call_a1b2c3d4","role":"user","x":{"model":"gpt-4o","type":"object"}})");
  CHECK(Texts(parts) == Strings{"user /turns/0/content hi", "assistant /turns/1/id plutonium",
                                "user /id id", "user /id call_a1b2c3d4", "user /role role",
                                "user /role user", "user /x x", "user /x/model model",
                                "user /x/model gpt-4o", "user /x/type type",
                                "user /x/type object"});
  REQUIRE(parts.plain.size() == 4);
  CHECK(parts.plain[0].pointer == "/model");
  CHECK(parts.plain[0].json == "\"gpt-4o\"");
}

TEST_CASE("Divide: an invalid choice or id is text", "[dialects]") {
  for (const char* id : {"call_plutonium", "call_", "call_4111 1111", "4111111111111111", "call_a1",
                         "toolu_a1b2c3d4", "call_drop_table1"}) {
    CAPTURE(id);
    const Partition parts =
        Divided(absl::StrCat(R"({"turns":[{"role":"user","id":")", id, R"("}]})"));
    CHECK(Texts(parts) == Strings{absl::StrCat("user /turns/0/id ", id)});
  }
  CHECK(Texts(Divided(R"({"model":"gpt 4o"})")) == Strings{"user /model gpt 4o"});
  CHECK(Texts(Divided(R"({"model":"gpt-4111111111111111"})")) ==
        Strings{"user /model gpt-4111111111111111"});
}

TEST_CASE("Divide: in a JSON Schema only keywords and types are not text", "[dialects]") {
  const Partition parts = Divided(R"({"tool":{"type":"object","properties":{
      "type":{"type":["string","plutonium"],"format":"word"},
      "city":{"type":"drop","properties":{"type":"string"}}}}})");
  CHECK(Texts(parts) == Strings{"system /tool/properties/type/type/1 plutonium",
                                "system /tool/properties/type/format format",
                                "system /tool/properties/type/format word",
                                "system /tool/properties/city city",
                                "system /tool/properties/city/type drop"});
}

TEST_CASE("Divide: numbers are text, except short ones of the protocol", "[dialects]") {
  const Partition parts = Divided(
      R"({"seed":4111111111111111,"bias":{"50256":-100,"4111111111111111":1},"x":7,
          "turns":[{"role":"user","seed":5}]})");
  CHECK(Texts(parts) == Strings{"user /seed 4111111111111111",
                                "user /bias/4111111111111111 4111111111111111",
                                "user /bias/4111111111111111 1", "user /x x", "user /x 7",
                                "user /turns/0/seed seed", "user /turns/0/seed 5"});
  CHECK(Texts(Divided(R"({"seed":0.4111111111111111})")) ==
        Strings{"user /seed 0.4111111111111111"});
  CHECK(Texts(Divided(R"({"seed":4.111111111111111e15})")) ==
        Strings{"user /seed 4111111111111111"});
}

TEST_CASE("Divide: media has type, size and digest, and is recognised at its places only",
          "[dialects]") {
  const std::string picture = absl::Base64Escape("\x89PNG\r\n\x1a\n" + std::string(192, '\xfe'));
  const std::string url = absl::StrCat("data:image/png;base64,", picture);
  const Partition parts =
      Divided(absl::StrCat(R"({"turns":[{"role":"user","content":[{"image":")", url,
                           R"("},{"text":")", url, R"("}],"image":")", picture, R"("}]})"));
  REQUIRE(parts.media.size() == 1);
  CHECK(parts.media[0].pointer == "/turns/0/content/0/image");
  CHECK(parts.media[0].type == "image/png");
  CHECK(parts.media[0].size == 200);
  CHECK(parts.media[0].sha256 ==
        "cb1b416b7e104319313f9477fdee76096c391f10bc8bdb8490e578791df148b1");
  CHECK(Texts(parts) == Strings{"user /turns/0/content/1/text " + url, "user /turns/0/image image",
                                "user /turns/0/image " + picture});
}

TEST_CASE("Divide: words at a place for media are text, short media is judged as it stands, too",
          "[dialects]") {
  std::string words;
  while (words.size() < 2000) words += "the/whole/plutonium/Plan+";
  for (const std::string& value : {std::string("plutonium/ab"), std::string("4111111111111111"),
                                   std::string("data:image/png;base64,plutonium/ab"), words}) {
    CAPTURE(value);
    const Partition parts = Divided(
        absl::StrCat(R"({"turns":[{"role":"user","content":[{"image":")", value, R"("}]}]})"));
    CHECK(parts.media.empty());
    REQUIRE(parts.texts.size() == 1);
    CHECK(parts.texts[0].text == value);
    CHECK(WriteText(parts.places[0], "<X>").value() == "\"<X>\"");
  }
  const std::string small = absl::Base64Escape("GIF89a\x01\xff\xfe");
  const Partition parts = Divided(
      absl::StrCat(R"({"turns":[{"role":"user","content":[{"image":")", small, R"("}]}]})"));
  CHECK(parts.media.size() == 1);
  CHECK(Texts(parts) == Strings{"user /turns/0/content/0/image " + small});
}

TEST_CASE("Divide: text at a place for media is decoded, and encoded again", "[dialects]") {
  const std::string body =
      absl::StrCat(R"({"turns":[{"role":"user","content":[{"image":")", "data:text/plain;base64,",
                   absl::Base64Escape("plutonium"), R"("}]}]})");
  const Partition parts = Divided(body);
  // Short ones are judged in their encoded form, too.
  REQUIRE(Texts(parts) ==
          Strings{"user /turns/0/content/0/image data:text/plain;base64,cGx1dG9uaXVt",
                  "user /turns/0/content/0/image data:text/plain;base64,plutonium"});
  CHECK_FALSE(WriteText(parts.places[0], "<X>").ok());
  CHECK(WriteText(parts.places[1], "data:text/plain;base64,<X>").value() ==
        absl::StrCat("\"data:text/plain;base64,", absl::Base64Escape("<X>"), "\""));
  CHECK_FALSE(WriteText(parts.places[1], "<X>").ok());
}

TEST_CASE("Divide: everything that is not text is unchanged", "[dialects]") {
  const Partition parts = Divided(R"({"turns":[],"tool":{},"seed":null,"bias":true,"model":""})");
  CHECK(parts.texts.empty());
  Strings plain;
  for (const domain::PlainMember& each : parts.plain) plain.push_back(each.pointer + each.json);
  CHECK(plain == Strings{"/turns[]", "/tool{}", "/seednull", "/biastrue", "/model\"\""});
}

// The texts in the form that a model reads, one per line.
std::string Joined(const std::string& body) {
  Partition parts = Divided(body);
  domain::Prompt prompt;
  prompt.parts = std::move(parts.texts);
  std::string result;
  for (const domain::JoinedText& text : domain::JoinParts(prompt)) {
    absl::StrAppend(&result, absl::CEscape(text.text), "|");
  }
  return result;
}

TEST_CASE("Divide: the parts of a message are one text, as are messages of one role",
          "[dialects]") {
  CHECK(Joined(R"({"turns":[{"role":"user","content":["plu","tonium"]}]})") == "plutonium|");
  CHECK(Joined(R"({"turns":[{"role":"user","content":[{"text":"please drop "},
                   {"image":"x"},{"text":"table"}]}]})") == "please drop table|x|");
  CHECK(Joined(R"({"turns":[{"role":"user","content":"4111 1111"},
                   {"role":"user","content":[{"text":"1111 1111"}]}]})") ==
        "4111 1111\\n1111 1111|");
  CHECK(Joined(R"({"turns":[{"role":"system","content":"a"},{"role":"developer","content":"b"},
                   {"role":"user","content":"c"},{"role":"system","content":"d"}]})") ==
        "a\\nb|c|d|");
}

TEST_CASE("Divide: unknown members are joined over the parts, each by its path", "[dialects]") {
  CHECK(Joined(R"({"turns":[{"role":"user","content":[{"text":"a","x":{"y":"plu"}},
                   {"x":{"y":"tonium"},"text":"b"}]}]})") == "ab|x|y|plutonium|x|y|");
  // Only parts of a content are joined.
  CHECK(Joined(R"({"x":["plu","tonium"]})") == "x|plu|tonium|");
}

TEST_CASE("Divide: names with escapes are texts and have pointers", "[dialects]") {
  CHECK(Texts(Divided(R"({"a/b~":{"\u0063":"d"}})")) ==
        Strings{"user /a~1b~0 a/b~", "user /a~1b~0/c c", "user /a~1b~0/c d"});
}

}  // namespace
}  // namespace countersign::dialects::members
