// A message by its schema. Every text and value lies in the message, once; replaced texts are read
// back, replacing them by themselves changes nothing. Input: unknown fields refused or read, bytes.

#include "libs/base/utf8.h"
#include "libs/protobuf_texts/read_message.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using protobuf_texts::FieldType;

const protobuf_texts::Schema& TestSchema() {
  static const auto& schema = **new auto(
      protobuf_texts::Schema::Make(
          {{"M",
            {{1, "text", FieldType::kString},
             {2, "messages", FieldType::kMessage, true, "M"},
             {3, "map", FieldType::kMessage, true, "Entry"},
             {4, "bytes", FieldType::kBytes, true},
             {5, "numbers", FieldType::kSint64, true},
             {6, "any", FieldType::kMessage, false, "google.protobuf.Any"},
             {7, "group", FieldType::kGroup, false, "M"},
             {8, "index", FieldType::kInt32},
             {9, "floats", FieldType::kFloat, true}}},
           {"Entry",
            {{1, "key", FieldType::kString}, {2, "value", FieldType::kMessage, false, "M"}},
            true},
           {"google.protobuf.Any",
            {{1, "type_url", FieldType::kString}, {2, "value", FieldType::kBytes}}}})
          .value());
  return schema;
}

absl::StatusOr<protobuf_texts::ReadResult> Read(absl::string_view bytes, bool refuse) {
  protobuf_texts::ReadOptions options;
  options.unknown =
      refuse ? protobuf_texts::UnknownFields::kRefuse : protobuf_texts::UnknownFields::kRead;
  return protobuf_texts::ReadMessage(TestSchema(), *TestSchema().FindMessage("M"), bytes, options);
}

std::vector<protobuf_texts::Replacement> ReplaceAll(const protobuf_texts::ReadResult& read,
                                                    absl::string_view bytes,
                                                    absl::string_view more) {
  std::vector<protobuf_texts::Replacement> replacements;
  for (const auto& text : read.texts) {
    const auto [begin, end, prefix] = text.place;
    const std::string content(bytes.substr(begin, end - begin));
    Require(IsUtf8(content), "not a text", content);
    Require(IsUtf8(text.path) && IsUtf8(text.series), "a path is not UTF-8", text.path);
    replacements.push_back({text.place, content + std::string(more)});
  }
  return replacements;
}

}  // namespace

void Run(Input input) {
  const bool refuse = input.Byte() % 2 == 0;
  const absl::string_view bytes = input.Rest();
  const auto read = Read(bytes, refuse);
  if (!read.ok()) return;
  std::size_t counted = 0;
  for (const auto& text : read->texts) counted += text.place.end - text.place.begin;
  for (const auto& value : read->values) {
    counted += value.place.end - value.place.begin;
    if (value.type != FieldType::kString && value.type != FieldType::kBytes) {
      (void)protobuf_texts::FormatNumber(value, bytes);
    }
  }
  Require(counted <= bytes.size(), "bytes counted twice", bytes);
  const auto same = protobuf_texts::Replace(bytes, read->prefixes, ReplaceAll(*read, bytes, ""));
  Require(same.ok() && *same == bytes, "other bytes", bytes);
  const auto longer =
      protobuf_texts::Replace(bytes, read->prefixes, ReplaceAll(*read, bytes, "more"));
  Require(longer.ok(), "not longer", bytes);
  if (!refuse) return;
  // The type of an Any is text, too: with another one its value may be refused.
  const auto again = Read(*longer, refuse);
  Require(again.ok() ? again->texts.size() == read->texts.size()
                     : bytes.find("M") != absl::string_view::npos,
          "cannot be read again", *longer);
}

}  // namespace countersign::fuzz
