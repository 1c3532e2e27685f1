#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/protobuf_texts/schema.h"
#include "libs/protobuf_texts/splice.h"
#include "libs/protobuf_texts/text_fields.h"

// Reads a message by its schema and finds every text in it.
namespace countersign::protobuf_texts {

// Reasons of errors (libs/base/status.h).
inline constexpr absl::string_view kUnknownField = "unknown_field";

enum class UnknownFields {
  kRefuse,
  // What is UTF-8 is text; else what reads as a message is one, of unknown fields; all else is a
  // value. So no string is overlooked. A message of the upstream that is UTF-8 is masked as one
  // text: where that changes it, callers that know it cannot read it.
  kRead,
};

struct ReadOptions {
  UnknownFields unknown = UnknownFields::kRefuse;
  const TextFields* texts = nullptr;  // null: all
  bool values = true;                 // false: only texts are wanted
};

// A string, or bytes that are UTF-8, also the key of a map's entry. `place` holds its bytes.
struct Text {
  // Unique in its message: `messages[0].content`, `parameters["k"]`, `parameters["k"]#key`,
  // `answer.12[0]` for an unknown field. Where a field that is not repeated stands several times
  // the last one counts, and earlier ones are named `content (1 of 2)`.
  std::string path;
  // The same in all messages of a stream for texts that continue one another: like `path`, but an
  // element with an integer field named `index` is known by that, `choices[index 1].text`.
  std::string series;
  std::string names;  // for TextFields: `messages.content`
  Place place;
  const Field* field = nullptr;  // null: unknown
};

// Everything else that is not structure.
struct Value {
  std::string path;
  FieldType type = FieldType::kInt64;  // kBytes: opaque. kString: not one of the text fields.
  bool known = true;
  // How the bits are encoded; kLengthDelimited with a number's type: packed.
  bool packed = false;
  Place place;             // of the value, without its tag and its length
  std::uint64_t bits = 0;  // a number that is not packed, as encoded
};

// A message as read. Its places are offsets into the bytes that were read.
struct ReadResult {
  std::vector<Text> texts;  // in the message's order
  std::vector<Value> values;
  std::vector<LengthPrefix> prefixes;  // for Replace
};

// INVALID_ARGUMENT with where and what when `message` cannot be read as `type`: it is cut off, a
// string is not UTF-8, messages are nested more than 64 deep, it has more than 65,536 fields and
// more than one in 16 bytes; with the reason kUnknownField when fields are unknown and refused.
//
// A field with another wire type than its own is unknown, as parsers have it; messages may be
// written as groups and the other way round. A
// google.protobuf.Any holds a message of its type if the schema has it, else an unknown field.
absl::StatusOr<ReadResult> ReadMessage(const Schema& schema, const MessageType& type,
                                       absl::string_view message, const ReadOptions& options);

// The number at `value` in decimal, true or false, or "[1,2]" when it is packed. Only the first
// `most` numbers of a packed one are written, then "…".
std::string FormatNumber(const Value& value, absl::string_view message, std::size_t most = 16);

}  // namespace countersign::protobuf_texts
