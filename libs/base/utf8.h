#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign {

// True when `bytes` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong form, no surrogate,
// nothing above U+10FFFF, nothing cut off.
bool IsUtf8(absl::string_view bytes);

// One character of a text. A byte that begins no well-formed sequence is one invalid character of
// size 1.
struct Utf8Char {
  std::uint32_t code_point = 0xfffd;
  std::size_t size = 1;
  bool valid = false;
};

// The character at offset `at`. REQUIRES: at < bytes.size().
Utf8Char DecodeUtf8(absl::string_view bytes, std::size_t at);

// `code_point` as UTF-8; "" for a surrogate and for what is above U+10FFFF.
std::string EncodeUtf8(std::uint32_t code_point);

}  // namespace countersign
