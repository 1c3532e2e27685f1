#include "libs/protobuf_texts/read_message.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::protobuf_texts {
namespace {

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string Number(std::uint32_t field, std::uint64_t value) {
  return Varint(field << 3) + Varint(value);
}
std::string String(std::uint32_t field, const std::string& content) {
  return Varint(field << 3 | 2) + Varint(content.size()) + content;
}
std::string Group(std::uint32_t field, const std::string& content) {
  return Varint(field << 3 | 3) + content + Varint(field << 3 | 4);
}

const Schema& ChatSchema() {
  static const auto& schema = **new auto(
      Schema::Make(
          {{"Chat",
            {{1, "model", FieldType::kString},
             {2, "messages", FieldType::kMessage, true, "Message"},
             {3, "parameters", FieldType::kMessage, true, "Entry"},
             {4, "image", FieldType::kBytes},
             {5, "numbers", FieldType::kSint32, true},
             {6, "any", FieldType::kMessage, false, "google.protobuf.Any"},
             {7, "group", FieldType::kGroup, false, "Message"}}},
           {"Message",
            {{1, "content", FieldType::kString},
             {2, "index", FieldType::kInt32},
             {3, "inner", FieldType::kMessage, false, "Message"},
             {4, "tags", FieldType::kString, true}}},
           {"Entry", {{1, "key", FieldType::kString}, {2, "value", FieldType::kString}}, true},
           {"google.protobuf.Any",
            {{1, "type_url", FieldType::kString}, {2, "value", FieldType::kBytes}}}})
          .value());
  return schema;
}

absl::StatusOr<ReadResult> Read(const std::string& message,
                                UnknownFields unknown = UnknownFields::kRefuse) {
  ReadOptions options;
  options.unknown = unknown;
  return ReadMessage(ChatSchema(), *ChatSchema().FindMessage("Chat"), message, options);
}

std::map<std::string, std::string> TextsByPath(const std::string& message,
                                               UnknownFields unknown = UnknownFields::kRefuse) {
  const auto read = Read(message, unknown);
  INFO(read.status());
  REQUIRE(read.ok());
  std::map<std::string, std::string> texts;
  for (const Text& text : read->texts) {
    texts[text.path] = message.substr(text.place.begin, text.place.end - text.place.begin);
  }
  CHECK(texts.size() == read->texts.size());
  return texts;
}

std::vector<std::string> Series(const std::string& message) {
  std::vector<std::string> series;
  const auto read = Read(message);
  for (const Text& text : read->texts) series.push_back(text.series);
  return series;
}

using Texts = std::map<std::string, std::string>;

TEST_CASE("ReadMessage: strings at every place, by their path", "[protobuf_texts]") {
  const std::string message =
      String(1, "m") + String(2, String(1, "a")) +
      String(2, String(4, "t") + String(3, String(1, "b")) + String(4, "u")) +
      String(3, String(1, "k\"\n") + String(2, "v")) + Group(7, String(1, "g"));
  CHECK(TextsByPath(message) == Texts{{"model", "m"},
                                      {"messages[0].content", "a"},
                                      {"messages[1].tags[0]", "t"},
                                      {"messages[1].inner.content", "b"},
                                      {"messages[1].tags[1]", "u"},
                                      {R"(parameters["k\"\n"]#key)", "k\"\n"},
                                      {R"(parameters["k\"\n"])", "v"},
                                      {"group.content", "g"}});
}

TEST_CASE("ReadMessage: bytes are text when they are UTF-8", "[protobuf_texts]") {
  CHECK(TextsByPath(String(4, "caf\xc3\xa9")) == Texts{{"image", "caf\xc3\xa9"}});
  const auto read = Read(String(4, "\x89PNG"));
  REQUIRE(read.ok());
  CHECK(read->texts.empty());
  REQUIRE(read->values.size() == 1);
  CHECK(read->values[0].path == "image");
  CHECK(read->values[0].type == FieldType::kBytes);
  CHECK(read->values[0].place.begin == 2);
}

TEST_CASE("ReadMessage: a string that is not UTF-8 is refused, by its path", "[protobuf_texts]") {
  const auto read = Read(String(2, String(1, "\xff")));
  CHECK(read.status().message() == "messages[0].content: a string is not UTF-8");
}

TEST_CASE("ReadMessage: only the fields of the patterns are texts, the others are values",
          "[protobuf_texts]") {
  const TextFields fields({"messages.content"});
  ReadOptions options;
  options.texts = &fields;
  const std::string message = String(1, "m") + String(2, String(1, "a"));
  const auto read = ReadMessage(ChatSchema(), *ChatSchema().FindMessage("Chat"), message, options);
  REQUIRE(read->texts.size() == 1);
  CHECK(read->texts[0].names == "messages.content");
  REQUIRE(read->values.size() == 1);
  CHECK(read->values[0].path == "model");
  CHECK(read->values[0].type == FieldType::kString);
}

TEST_CASE("ReadMessage: every copy of a field is a text; the last one continues",
          "[protobuf_texts]") {
  const std::string message = String(1, "a") + String(1, "b") + String(1, "c");
  CHECK(TextsByPath(message) ==
        Texts{{"model (1 of 3)", "a"}, {"model (2 of 3)", "b"}, {"model", "c"}});
  CHECK(Series(message) == std::vector<std::string>{"model (1 of 3)", "model (2 of 3)", "model"});
  // Copies of a message are merged: its repeated fields go on.
  const std::string merged = Group(7, String(4, "x")) + Group(7, String(4, "y") + String(1, "z"));
  CHECK(TextsByPath(merged) ==
        Texts{{"group.tags[0]", "x"}, {"group.tags[1]", "y"}, {"group.content", "z"}});
}

TEST_CASE("ReadMessage: elements with an index are known by it in a stream", "[protobuf_texts]") {
  const std::string message =
      String(2, String(1, "a") + Number(2, 1)) + String(2, String(1, "b")) + String(1, "m");
  CHECK(Series(message) == std::vector<std::string>{"messages[index 1].content",
                                                    "messages[index 0].content", "model"});
  const auto top = ReadMessage(ChatSchema(), *ChatSchema().FindMessage("Message"),
                               String(1, "a") + Number(2, 3), {});
  CHECK(top->texts[0].series == "[index 3].content");
}

TEST_CASE("ReadMessage: unknown fields are refused with their place", "[protobuf_texts]") {
  const auto read = Read(String(2, String(9, "x")));
  CHECK(read.status().message() == "messages[0]: field 9 is not in the schema of Message");
  CHECK(GetReason(read.status()) == kUnknownField);
  // Another wire type than the field's own.
  CHECK(GetReason(Read(Number(1, 5)).status()) == kUnknownField);
}

TEST_CASE("ReadMessage: texts of unknown fields are found at every depth", "[protobuf_texts]") {
  const std::string binary = String(1, "\xff");
  const std::string message =
      String(9, "x") + String(9, String(3, "deep") + binary) + Group(10, String(1, "in a group"));
  CHECK(TextsByPath(message, UnknownFields::kRead) ==
        Texts{{"9[0]", "x"}, {"9[1].3[0]", "deep"}, {"10[0].1[0]", "in a group"}});
  const auto read = Read(message, UnknownFields::kRead);
  REQUIRE(read->values.size() == 1);
  CHECK(read->values[0].path == "9[1].1[0]");
  CHECK_FALSE(read->values[0].known);
}

TEST_CASE("ReadMessage: an Any holds a message of its type", "[protobuf_texts]") {
  const std::string content = String(1, "inside") + Number(2, 1);
  const std::string known = String(1, "type.googleapis.com/Message") + String(2, content);
  CHECK(TextsByPath(String(6, known)) ==
        Texts{{"any.type_url", "type.googleapis.com/Message"}, {"any.value.content", "inside"}});
  const std::string other =
      String(1, "type.googleapis.com/Other") + String(2, content + "\x0a\x01\xff");
  CHECK(GetReason(Read(String(6, other)).status()) == kUnknownField);
  CHECK(TextsByPath(String(6, other), UnknownFields::kRead).at("any.value.1[0]") == "inside");
}

TEST_CASE("ReadMessage: limits of depth and of fields", "[protobuf_texts]") {
  std::string deep = String(1, "x");
  for (int i = 0; i < 62; ++i) deep = String(3, deep);
  CHECK(Read(String(2, deep)).ok());
  CHECK(absl::StrContains(Read(String(2, String(3, deep))).status().message(), "64 deep"));
  std::string groups;
  for (int i = 0; i < 70; ++i) groups = Group(9, groups);
  CHECK(absl::StrContains(Read(groups, UnknownFields::kRead).status().message(), "64 deep"));
  std::string many;
  for (int i = 0; i < 65537; ++i) many += String(2, "");
  CHECK(absl::StrContains(Read(many).status().message(), "too many fields"));
}

TEST_CASE("ReadMessage: groups end where they began", "[protobuf_texts]") {
  const auto refused = [](const std::string& message) {
    return std::string(Read(message, UnknownFields::kRead).status().message());
  };
  CHECK(absl::StrContains(refused(Varint(7 << 3 | 3)), "does not end"));
  CHECK(absl::StrContains(refused(Varint(7 << 3 | 4)), "did not begin"));
  CHECK(absl::StrContains(refused(Varint(7 << 3 | 3) + Varint(8 << 3 | 4)), "did not begin"));
}

TEST_CASE("ReadMessage: packed numbers and single ones are one value each", "[protobuf_texts]") {
  const std::string message = String(5, Varint(1) + Varint(4) + Varint(300)) + Number(5, 3);
  const auto read = Read(message);
  REQUIRE(read->values.size() == 2);
  CHECK(FormatNumber(read->values[0], message) == "[-1,2,150]");
  CHECK(FormatNumber(read->values[0], message, 2) == "[-1,2,…]");
  CHECK(FormatNumber(read->values[1], message) == "-2");
  CHECK(absl::StrContains(Read(String(5, "\x80")).status().message(), "cut off"));
}

}  // namespace
}  // namespace countersign::protobuf_texts
