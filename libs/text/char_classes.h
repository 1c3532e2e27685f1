#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text {

// What the splitters of the tokenizers tell apart. Every code point is in exactly one class.
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

// The classes of Unicode 16.0 as a two-stage table. Immutable; thread-safe.
class CharClasses {
 public:
  // Built on first use (about a millisecond).
  static const CharClasses& Get();

  // The character that starts at `pos`. A byte that starts no valid sequence is one kOther of one
  // byte. REQUIRES: pos < text.size().
  ClassedChar At(absl::string_view text, std::size_t pos) const {
    const auto first = static_cast<unsigned char>(text[pos]);
    if (first < 0x80) return {ascii_[first], 1};
    return Beyond(text, pos);
  }

  CharClass Of(char32_t code_point) const {
    return blocks_[stage_[code_point >> 8]][code_point & 0xff];
  }

 private:
  using Block = std::array<CharClass, 256>;

  CharClasses();
  ClassedChar Beyond(absl::string_view text, std::size_t pos) const;

  std::array<CharClass, 128> ascii_{};
  std::array<std::uint16_t, 0x1100> stage_{};
  std::vector<Block> blocks_;
};

}  // namespace countersign::text
