#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign {

// Lower-case hexadecimal. Decoding refuses everything else, including upper case.
std::string HexEncode(absl::string_view bytes);
absl::StatusOr<std::string> HexDecode(absl::string_view hex);

// base64url without padding (RFC 4648 §5). Decoding is strict, so that every value has exactly one
// encoding: no padding, other alphabets or white space, and the unused bits of the last character
// must be zero.
std::string Base64UrlEncode(absl::string_view bytes);
absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text);

// Builds the input of a hash such that different lists of fields give different bytes: each field
// is preceded by its length as eight big-endian bytes.
class LengthPrefixed {
 public:
  LengthPrefixed& Add(absl::string_view field);
  LengthPrefixed& Add(std::uint64_t number);  // a field of eight big-endian bytes
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace countersign
