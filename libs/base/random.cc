#include "libs/base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "libs/base/encoding.h"
#include "libs/base/hex_digits.h"
#include "libs/base/secret.h"

namespace countersign {

std::string RandomSource::Bytes(std::size_t size) {
  std::string bytes(size, '\0');
  Fill(bytes.data(), bytes.size());
  return bytes;
}

namespace {

// A call of the kernel for each nonce takes longer than sealing a short payload with it, so short
// values come from a block that each thread draws at once, and are erased there. A child of fork()
// would draw the same values as its parent: this program only forks to exec.
struct Block {
  std::array<unsigned char, 512> bytes;
  std::size_t left = 0;
  ~Block() { WipeMemory(bytes.data(), bytes.size()); }
};
constexpr std::size_t kLongestFromBlock = 64;

void FillFromKernel(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t n = getrandom(out, size, 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      std::abort();
    }
    out += n;
    size -= static_cast<std::size_t>(n);
  }
}

}  // namespace

void SystemRandom::Fill(void* data, std::size_t size) {
  auto* const out = static_cast<unsigned char*>(data);
  if (size > kLongestFromBlock) return FillFromKernel(out, size);
  thread_local Block block;
  if (block.left < size) {
    FillFromKernel(block.bytes.data(), block.bytes.size());
    block.left = block.bytes.size();
  }
  block.left -= size;
  std::memcpy(out, block.bytes.data() + block.left, size);
  WipeMemory(block.bytes.data() + block.left, size);
}

std::string UuidV7(absl::Time now, RandomSource& random) {
  std::string raw = random.Bytes(16);
  const auto millis = static_cast<std::uint64_t>(absl::ToUnixMillis(now));
  for (int i = 0; i < 6; ++i) raw[i] = static_cast<char>(millis >> (40 - 8 * i));
  raw[6] = static_cast<char>(0x70 | (raw[6] & 0x0f));
  raw[8] = static_cast<char>(0x80 | (raw[8] & 0x3f));
  std::string text = HexEncode(raw);
  for (const int at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsLowerHex(text.substr(i, 1))) return false;
  }
  return true;
}

}  // namespace countersign
