#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign {

// Whether `code_point` is half of a UTF-16 pair, which is not a character.
constexpr bool IsSurrogate(std::uint32_t code_point) {
  return code_point >= 0xD800 && code_point <= 0xDFFF;
}

// Whether `bytes` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, surrogates,
// values above U+10FFFF or truncated sequences.
bool IsUtf8(absl::string_view bytes);

// One character of a text. A byte that starts no well-formed sequence is an invalid character of
// size 1.
struct Utf8Char {
  std::uint32_t code_point = 0xfffd;
  std::size_t size = 1;
  bool valid = false;
};

// The character at offset `at`. REQUIRES: at < bytes.size().
Utf8Char DecodeUtf8(absl::string_view bytes, std::size_t at);

// `bytes` with U+FFFD for every invalid byte.
std::string ReplaceInvalidUtf8(absl::string_view bytes);

// `code_point` as UTF-8; "" for surrogates and values above U+10FFFF.
std::string EncodeUtf8(std::uint32_t code_point);

}  // namespace countersign
