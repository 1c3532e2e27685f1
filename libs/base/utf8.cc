#include "libs/base/utf8.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace countersign {
namespace {

// The length of the well-formed sequence at the start of `bytes`, 0 when there is none.
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
      // Most text is ASCII: eight bytes at a time.
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

#ifdef __x86_64__

// Sixteen bytes at once, as in J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One
// Instruction Per Byte" (2021): what two neighbouring bytes can break is a bit, and a pair breaks
// it when three tables, by the first one's halves and the second one's upper half, all have the
// bit.
enum PairError : std::uint8_t {
  kTooShort = 1 << 0,   // a lead where a trail is due
  kTooLong = 1 << 1,    // a trail behind ASCII
  kOverlong3 = 1 << 2,  // e0 80..9f
  kTooLarge = 1 << 3,   // f4 90.., f5..
  kSurrogate = 1 << 4,  // ed a0..
  kOverlong2 = 1 << 5,  // c0, c1
  kOverlong4 = 1 << 6,  // f0 80..8f; and f5.. 80..8f
  kTwoTrails = 1 << 7,  // right when the lead is that of three bytes or more
};
using Nibbles = std::array<std::uint8_t, 16>;
constexpr std::uint8_t kAnyLow = kTooShort | kTooLong | kTwoTrails;
constexpr std::uint8_t kFarLow = kAnyLow | kTooLarge | kOverlong4;
constexpr std::uint8_t kTrail = kTooLong | kOverlong2 | kTwoTrails;
alignas(16) constexpr Nibbles kFirstHigh = {kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTooLong,
                                            kTwoTrails,
                                            kTwoTrails,
                                            kTwoTrails,
                                            kTwoTrails,
                                            kTooShort | kOverlong2,
                                            kTooShort,
                                            kTooShort | kOverlong3 | kSurrogate,
                                            kTooShort | kTooLarge | kOverlong4};
alignas(16) constexpr Nibbles kFirstLow = {kAnyLow | kOverlong3 | kOverlong2 | kOverlong4,
                                           kAnyLow | kOverlong2,
                                           kAnyLow,
                                           kAnyLow,
                                           kAnyLow | kTooLarge,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow,
                                           kFarLow | kSurrogate,
                                           kFarLow,
                                           kFarLow};
alignas(16) constexpr Nibbles kSecondHigh = {kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTrail | kOverlong3 | kOverlong4,
                                             kTrail | kOverlong3 | kTooLarge,
                                             kTrail | kSurrogate | kTooLarge,
                                             kTrail | kSurrogate | kTooLarge,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort,
                                             kTooShort};

__attribute__((target("ssse3"))) __m128i ByNibble(const Nibbles& table, __m128i nibbles) {
  return _mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(table.data())), nibbles);
}

// Not zero where `bytes`, which follow `before`, are wrong.
__attribute__((target("ssse3"))) __m128i BrokenIn(__m128i bytes, __m128i before) {
  const __m128i low = _mm_set1_epi8(0x0f);
  const __m128i first = _mm_alignr_epi8(bytes, before, 15);
  const __m128i first_high = _mm_and_si128(_mm_srli_epi16(first, 4), low);
  const __m128i second_high = _mm_and_si128(_mm_srli_epi16(bytes, 4), low);
  const __m128i pairs = _mm_and_si128(_mm_and_si128(ByNibble(kFirstHigh, first_high),
                                                    ByNibble(kFirstLow, _mm_and_si128(first, low))),
                                      ByNibble(kSecondHigh, second_high));
  // The third and fourth bytes of a sequence are the second trail of a pair, all others are not.
  const __m128i third = _mm_subs_epu8(_mm_alignr_epi8(bytes, before, 14), _mm_set1_epi8(0x60));
  const __m128i fourth = _mm_subs_epu8(_mm_alignr_epi8(bytes, before, 13), _mm_set1_epi8(0x70));
  const __m128i due =
      _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
  return _mm_xor_si128(due, pairs);
}

__attribute__((target("ssse3"))) bool IsUtf8InBlocks(absl::string_view bytes) {
  __m128i broken = _mm_setzero_si128();
  __m128i before = _mm_setzero_si128();
  bool before_is_ascii = true;
  for (std::size_t at = 0; at <= bytes.size(); at += 16) {
    // In the end the rest, and at least one zero: nothing may be open there.
    alignas(16) char rest[16] = {};
    const char* block_bytes = bytes.data() + at;
    if (at + 16 > bytes.size()) {
      if (at < bytes.size()) std::memcpy(rest, block_bytes, bytes.size() - at);
      block_bytes = rest;
    }
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block_bytes));
    const bool is_ascii = _mm_movemask_epi8(block) == 0;
    if (!is_ascii || !before_is_ascii) broken = _mm_or_si128(broken, BrokenIn(block, before));
    before = block;
    before_is_ascii = is_ascii;
  }
  return _mm_movemask_epi8(_mm_cmpeq_epi8(broken, _mm_setzero_si128())) == 0xffff;
}

#endif

}  // namespace

bool IsUtf8(absl::string_view bytes) {
#ifdef __x86_64__
  static const bool has_blocks = __builtin_cpu_supports("ssse3");
  if (has_blocks) return IsUtf8InBlocks(bytes);
#endif
  return IsUtf8ByCharacter(bytes);
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
    if (code_point >= 0xD800 && code_point <= 0xDFFF) return bytes;
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

}  // namespace countersign
