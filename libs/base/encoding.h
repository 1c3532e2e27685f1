#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign {

// Lower-case hexadecimal, both ways. Decoding refuses anything else, upper case included.
std::string HexEncode(absl::string_view bytes);
absl::StatusOr<std::string> HexDecode(absl::string_view hex);

// base64url without padding (RFC 4648 §5), both ways. Decoding is strict: no padding, no other
// alphabet, no white space, and the unused bits of the last character must be zero, so that every
// value has exactly one encoding.
std::string Base64UrlEncode(absl::string_view bytes);
absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text);

// Builds the input of a hash so that different lists of fields never give the same bytes: each
// field is preceded by its length as eight big-endian bytes.
class LengthPrefixed {
 public:
  LengthPrefixed& Add(absl::string_view field);
  LengthPrefixed& Add(std::uint64_t number);  // a field of eight big-endian bytes
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace countersign
