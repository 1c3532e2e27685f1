#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::tokens {

// The character classes that the tokenizers' splitters distinguish. Every code point has exactly
// one.
enum class CharClass : std::uint8_t {
  kOther = 0,
  kUpper = 1,   // Lu, Lt
  kLower = 2,   // Ll
  kLetter = 3,  // Lm, Lo: letters without case
  kMark = 4,    // M
  kNumber = 5,  // N
  kSpace = 6,   // White_Space
};

struct ClassedChar {
  CharClass of = CharClass::kOther;
  std::uint8_t bytes = 1;
};

// The classes of Unicode 16.0; a plain table for the first plane. Immutable; thread-safe.
class CharClasses {
 public:
  // Built on first use (about a millisecond).
  static const CharClasses& Get();

  // The character that starts at `pos`. A byte that starts no valid sequence is one kOther of one
  // byte. REQUIRES: pos < text.size().
  ClassedChar At(absl::string_view text, std::size_t pos) const {
    const auto first = static_cast<unsigned char>(text[pos]);
    if (first < 0x80) return {first_plane_[first], 1};
    return Beyond(text, pos);
  }

 private:
  using Block = std::array<CharClass, 256>;

  CharClasses();
  ClassedChar Rare(absl::string_view text, std::size_t pos) const;

  ClassedChar Beyond(absl::string_view text, std::size_t pos) const {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[pos + i]); };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const std::size_t left = text.size() - pos;
    const unsigned first = byte(0);
    if (first >= 0xe0 && first < 0xf0 && left >= 3 && continues(1) && continues(2)) {
      const unsigned code_point = (first & 0xf) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
      const bool surrogate = (code_point & 0xf800) == 0xd800;
      if (code_point >= 0x800 && !surrogate) return {first_plane_[code_point], 3};
    } else if (first >= 0xc2 && first < 0xe0 && left >= 2 && continues(1)) {
      return {first_plane_[(first & 0x1f) << 6 | (byte(1) & 0x3fu)], 2};
    }
    return Rare(text, pos);
  }

  std::array<CharClass, 0x10000> first_plane_{};
  std::array<std::uint16_t, 0x1000> stage_{};  // of the other planes, by 256 code points
  std::vector<Block> blocks_;
};

}  // namespace countersign::text::tokens
