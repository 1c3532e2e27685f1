#include <bit>
#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/protobuf_texts/read_message.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::protobuf_texts {
namespace {

std::int64_t DecodeZigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
}

template <typename Number>
std::string FormatFloating(Number number) {
  std::string text(64, '\0');
  const int size =
      std::snprintf(text.data(), text.size(), "%.*g", std::numeric_limits<Number>::max_digits10,
                    static_cast<double>(number));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string Format(FieldType type, std::uint64_t bits) {
  const auto low = static_cast<std::uint32_t>(bits);
  switch (type) {
    case FieldType::kBool: return bits == 0 ? "false" : "true";
    case FieldType::kDouble: return FormatFloating(std::bit_cast<double>(bits));
    case FieldType::kFloat: return FormatFloating(std::bit_cast<float>(low));
    case FieldType::kInt32:
    case FieldType::kEnum:
    case FieldType::kSfixed32: return absl::StrCat(static_cast<std::int32_t>(low));
    case FieldType::kUint32:
    case FieldType::kFixed32: return absl::StrCat(low);
    case FieldType::kInt64:
    case FieldType::kSfixed64: return absl::StrCat(static_cast<std::int64_t>(bits));
    case FieldType::kSint32: return absl::StrCat(static_cast<std::int32_t>(DecodeZigzag(low)));
    case FieldType::kSint64: return absl::StrCat(DecodeZigzag(bits));
    default: return absl::StrCat(bits);
  }
}

// Bytes of one number in packed ones; 0: a varint.
std::size_t FixedSize(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFixed64:
    case FieldType::kSfixed64: return 8;
    case FieldType::kFloat:
    case FieldType::kFixed32:
    case FieldType::kSfixed32: return 4;
    default: return 0;
  }
}

std::uint64_t ReadPacked(FieldType type, absl::string_view message, std::size_t& at,
                         std::size_t end) {
  const std::size_t size = FixedSize(type);
  if (size == 0) {
    const auto number = ReadVarint(message, at, end);
    if (number.ok()) return *number;
    at = end;
    return 0;
  }
  std::uint64_t bits = 0;
  for (std::size_t i = size; i-- > 0;) {
    bits = bits << 8 | static_cast<std::uint8_t>(message[at + i]);
  }
  at += size;
  return bits;
}

}  // namespace

std::string FormatNumber(const Value& value, absl::string_view message, std::size_t most) {
  if (!value.packed) return Format(value.type, value.bits);
  std::string text = "[";
  std::size_t count = 0;
  for (std::size_t at = value.place.begin; at < value.place.end; ++count) {
    if (count == most) {
      text += ",…";
      break;
    }
    absl::StrAppend(&text, count == 0 ? "" : ",",
                    Format(value.type, ReadPacked(value.type, message, at, value.place.end)));
  }
  return text + "]";
}

}  // namespace countersign::protobuf_texts
