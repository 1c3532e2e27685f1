#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Protobuf's encoding, read in place.
namespace countersign::protobuf_texts {

enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kGroupStart = 3,
  kGroupEnd = 4,
  kFixed32 = 5,
};

// One field as it stands. All positions are offsets into the bytes of the reader.
struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::size_t begin = 0;        // of its tag
  std::size_t prefix = 0;       // after its tag: the length, if it has one
  std::size_t value_begin = 0;  // after the tag and the length
  std::size_t value_end = 0;    // groups: value_begin, what is in them follows
  std::uint64_t bits = 0;       // kVarint, kFixed32, kFixed64: the value
};

// The value of a varint that begins at `at`, which is moved behind it. INVALID_ARGUMENT when it
// does not end before `end`, or does not fit into 64 bits.
absl::StatusOr<std::uint64_t> ReadVarint(absl::string_view bytes, std::size_t& at, std::size_t end);

// Reads the fields of bytes [begin, end), which it does not copy. It is stricter than some parsers,
// so that all read the same: a tag is written in its shortest form, a length in at most five bytes.
// Not thread-safe.
class WireReader {
 public:
  // REQUIRES: begin <= end <= bytes.size(); `bytes` outlives the reader.
  WireReader(absl::string_view bytes, std::size_t begin, std::size_t end)
      : bytes_(bytes), at_(begin), end_(end) {}

  // The next field; nullopt at the end. INVALID_ARGUMENT when the bytes are not protobuf's.
  // Groups are not matched here: their begin and their end are fields.
  absl::StatusOr<std::optional<WireField>> Next();

  std::size_t position() const { return at_; }

 private:
  absl::Status ReadTag(WireField& field);
  absl::Status ReadValue(WireField& field);

  const absl::string_view bytes_;
  std::size_t at_;
  const std::size_t end_;
};

}  // namespace countersign::protobuf_texts
