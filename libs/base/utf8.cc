#include "libs/base/utf8.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace countersign {
namespace {

// The length of the well-formed sequence at the start of `bytes`; 0 if there is none.
std::size_t SequenceLength(absl::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2   ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || bytes.size() < length) return 0;
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

bool IsUtf8ByCharacter(absl::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const auto trails = [](char byte) { return (byte & 0xc0) == 0x80; };
  while (at < end) {
    const auto lead = static_cast<unsigned char>(*at);
    if (lead < 0x80) {
      // Skips eight ASCII bytes at a time, because most text is ASCII.
      std::uint64_t eight;
      if (end - at < 8) {
        ++at;
        continue;
      }
      std::memcpy(&eight, at, sizeof eight);
      eight &= 0x8080808080808080u;
      at += eight == 0 ? 8 : __builtin_ctzll(eight) / 8;  // the lowest byte is the first
    } else if (lead >= 0xc2 && lead < 0xe0 && end - at >= 2 && trails(at[1])) {
      at += 2;
    } else if (lead > 0xe0 && lead < 0xed && end - at >= 3 && trails(at[1]) && trails(at[2])) {
      at += 3;
    } else {
      const std::size_t length =
          SequenceLength(absl::string_view(at, static_cast<std::size_t>(end - at)));
      if (length == 0) return false;
      at += length;
    }
  }
  return true;
}

// For shorter texts, calling simdjson costs more than validating them here.
constexpr std::size_t kShortText = 64;

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  if (bytes.size() < kShortText) return IsUtf8ByCharacter(bytes);
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

Utf8Char DecodeUtf8(absl::string_view bytes, std::size_t at) {
  const absl::string_view rest = bytes.substr(at);
  const std::size_t size = SequenceLength(rest);
  if (size == 0) return {};
  const auto lead = static_cast<unsigned char>(rest[0]);
  std::uint32_t code_point = size == 1 ? lead : lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(rest[i]) & 0x3fu);
  }
  return {code_point, size, true};
}

std::string EncodeUtf8(std::uint32_t code_point) {
  std::string bytes;
  const auto add = [&](std::uint32_t byte) { bytes += static_cast<char>(byte); };
  const auto continues = [&](int shift) { add(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | (code_point >> 6));
    continues(0);
  } else if (code_point < 0x10000) {
    if (IsSurrogate(code_point)) return bytes;
    add(0xE0 | (code_point >> 12));
    continues(6);
    continues(0);
  } else if (code_point <= 0x10FFFF) {
    add(0xF0 | (code_point >> 18));
    continues(12);
    continues(6);
    continues(0);
  }
  return bytes;
}

std::string ReplaceInvalidUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = DecodeUtf8(bytes, at);
    if (c.valid) {
      text.append(bytes.data() + at, c.size);
    } else {
      text += EncodeUtf8(0xfffd);
    }
    at += c.size;
  }
  return text;
}

}  // namespace countersign
