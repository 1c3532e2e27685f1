#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// A set of byte values. A value type: cheap to copy, comparable, constexpr.
class ByteSet {
 public:
  constexpr ByteSet() = default;

  static constexpr ByteSet Range(unsigned first, unsigned last) {
    ByteSet set;
    for (unsigned byte = first; byte <= last; ++byte) set.Add(static_cast<unsigned char>(byte));
    return set;
  }
  static constexpr ByteSet Of(absl::string_view bytes) {
    ByteSet set;
    for (const char byte : bytes) set.Add(static_cast<unsigned char>(byte));
    return set;
  }
  static constexpr ByteSet All() { return Range(0, 255); }
  static constexpr ByteSet Digits() { return Range('0', '9'); }
  // The bytes of \w throughout this project: ASCII letters, digits and underscore.
  static constexpr ByteSet Word() {
    return Range('a', 'z') | Range('A', 'Z') | Digits() | Range('_', '_');
  }
  static constexpr ByteSet Space() { return Range('\t', '\r') | Range(' ', ' '); }

  constexpr void Add(unsigned char byte) { words_[byte >> 6] |= std::uint64_t{1} << (byte & 63); }
  constexpr bool Contains(unsigned char byte) const {
    return (words_[byte >> 6] >> (byte & 63)) & 1;
  }
  constexpr std::size_t Size() const {
    std::size_t size = 0;
    for (const std::uint64_t word : words_) size += static_cast<std::size_t>(std::popcount(word));
    return size;
  }
  constexpr bool Empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }

  constexpr ByteSet operator|(const ByteSet& other) const {
    ByteSet set;
    for (std::size_t i = 0; i < 4; ++i) set.words_[i] = words_[i] | other.words_[i];
    return set;
  }
  constexpr ByteSet operator&(const ByteSet& other) const {
    ByteSet set;
    for (std::size_t i = 0; i < 4; ++i) set.words_[i] = words_[i] & other.words_[i];
    return set;
  }
  constexpr ByteSet operator~() const {
    ByteSet set;
    for (std::size_t i = 0; i < 4; ++i) set.words_[i] = ~words_[i];
    return set;
  }
  constexpr bool operator==(const ByteSet&) const = default;
  constexpr auto operator<=>(const ByteSet&) const = default;

 private:
  std::array<std::uint64_t, 4> words_{};
};

inline constexpr bool IsWordByte(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_';
}

}  // namespace countersign::text::regex
