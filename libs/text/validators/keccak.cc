#include "libs/text/validators/keccak.h"

#include <array>
#include <bit>
#include <cstdint>

namespace countersign::text::validators {
namespace {

using Lanes = std::array<std::uint64_t, 25>;  // lane (x, y) at x + 5 * y
constexpr std::size_t kRate = 136;            // bytes, for a capacity of 512 bits

// The bits of iota come from a linear feedback shift register over x^8 + x^6 + x^5 + x^4 + 1.
bool NextRoundBit(std::uint8_t& state) {
  const bool bit = (state & 1) != 0;
  const bool high = (state & 0x80) != 0;
  state = static_cast<std::uint8_t>(state << 1);
  if (high) state ^= 0x71;
  return bit;
}

void Permute(Lanes& a) {
  std::uint8_t shift_register = 1;
  for (int round = 0; round < 24; ++round) {
    std::array<std::uint64_t, 5> column{};  // theta
    for (std::size_t i = 0; i < 25; ++i) column[i % 5] ^= a[i];
    for (std::size_t i = 0; i < 25; ++i) {
      a[i] ^= column[(i + 4) % 5] ^ std::rotl(column[(i + 1) % 5], 1);
    }
    std::uint64_t moved = a[1];  // rho and pi
    std::size_t x = 1;
    std::size_t y = 0;
    for (int t = 0; t < 24; ++t) {
      const std::size_t next_y = (2 * x + 3 * y) % 5;
      x = y;
      y = next_y;
      const std::uint64_t lane = a[x + 5 * y];
      a[x + 5 * y] = std::rotl(moved, (t + 1) * (t + 2) / 2 % 64);
      moved = lane;
    }
    for (std::size_t row = 0; row < 25; row += 5) {  // chi
      const std::array<std::uint64_t, 5> line = {a[row], a[row + 1], a[row + 2], a[row + 3],
                                                 a[row + 4]};
      for (std::size_t i = 0; i < 5; ++i) {
        a[row + i] = line[i] ^ (~line[(i + 1) % 5] & line[(i + 2) % 5]);
      }
    }
    for (int j = 0; j < 7; ++j) {  // iota
      if (NextRoundBit(shift_register)) a[0] ^= std::uint64_t{1} << ((1 << j) - 1);
    }
  }
}

}  // namespace

std::string Keccak256(absl::string_view data) {
  std::string padded(data);
  padded += '\x01';
  padded.resize((padded.size() + kRate - 1) / kRate * kRate);
  padded.back() = static_cast<char>(padded.back() | 0x80);
  Lanes lanes{};
  for (std::size_t at = 0; at < padded.size(); ++at) {
    const std::size_t in_block = at % kRate;
    lanes[in_block / 8] ^= std::uint64_t{static_cast<unsigned char>(padded[at])}
                           << (8 * (in_block % 8));
    if (in_block + 1 == kRate) Permute(lanes);
  }
  std::string digest;
  for (std::size_t at = 0; at < 32; ++at) {
    digest += static_cast<char>(lanes[at / 8] >> (8 * (at % 8)));
  }
  return digest;
}

}  // namespace countersign::text::validators
