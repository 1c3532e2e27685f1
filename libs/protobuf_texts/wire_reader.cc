#include "libs/protobuf_texts/wire_reader.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::protobuf_texts {
namespace {

constexpr std::size_t kMostVarintBytes = 10;
constexpr std::size_t kMostLengthBytes = 5;
constexpr std::uint64_t kMostNumber = (1u << 29) - 1;
constexpr std::uint64_t kMostTag = kMostNumber << 3 | 7;

absl::Status Malformed(std::size_t at, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("byte ", at, ": ", what));
}

std::uint64_t ReadFixed(absl::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

absl::StatusOr<std::uint64_t> ReadVarint(absl::string_view bytes, std::size_t& at,
                                         std::size_t end) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMostVarintBytes; ++i) {
    if (at + i >= end) return Malformed(at, "a number is cut off");
    const auto byte = static_cast<std::uint8_t>(bytes[at + i]);
    if (i + 1 == kMostVarintBytes && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      at += i + 1;
      return value;
    }
  }
  return Malformed(at, "a number has more than 64 bits");
}

absl::StatusOr<std::optional<WireField>> WireReader::Next() {
  if (at_ == end_) return std::optional<WireField>();
  WireField field;
  field.begin = at_;
  CS_RETURN_IF_ERROR(ReadTag(field));
  CS_RETURN_IF_ERROR(ReadValue(field));
  at_ = field.value_end;
  return std::optional<WireField>(field);
}

absl::Status WireReader::ReadTag(WireField& field) {
  CS_ASSIGN_OR_RETURN(const std::uint64_t tag, ReadVarint(bytes_, at_, end_));
  if (at_ - field.begin > 1 && bytes_[at_ - 1] == 0) {
    return Malformed(field.begin, "a tag is longer than it must be");
  }
  if (tag > kMostTag || tag >> 3 == 0) {
    return Malformed(field.begin, absl::StrCat("no field can have the number ", tag >> 3));
  }
  if ((tag & 7) > static_cast<std::uint64_t>(WireType::kFixed32)) {
    return Malformed(field.begin, absl::StrCat("there is no wire type ", tag & 7));
  }
  field.number = static_cast<std::uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  return absl::OkStatus();
}

absl::Status WireReader::ReadValue(WireField& field) {
  field.prefix = field.value_begin = field.value_end = at_;
  std::uint64_t size = 0;
  switch (field.type) {
    case WireType::kVarint: {
      CS_ASSIGN_OR_RETURN(field.bits, ReadVarint(bytes_, field.value_end, end_));
      return absl::OkStatus();
    }
    case WireType::kGroupStart:
    case WireType::kGroupEnd: return absl::OkStatus();
    case WireType::kFixed32: size = 4; break;
    case WireType::kFixed64: size = 8; break;
    case WireType::kLengthDelimited: {
      CS_ASSIGN_OR_RETURN(size, ReadVarint(bytes_, field.value_begin, end_));
      if (field.value_begin - field.prefix > kMostLengthBytes) {
        return Malformed(field.prefix, "a length is longer than it must be");
      }
      break;
    }
  }
  if (size > end_ - field.value_begin) {
    return Malformed(field.begin, absl::StrCat("field ", field.number, " is cut off"));
  }
  field.value_end = field.value_begin + size;
  if (field.type != WireType::kLengthDelimited) {
    field.bits = ReadFixed(bytes_, field.value_begin, size);
  }
  return absl::OkStatus();
}

}  // namespace countersign::protobuf_texts
