#include "libs/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "libs/base/encoding.h"
#include "libs/base/hex_digits.h"

namespace countersign {

std::string RandomSource::Bytes(std::size_t size) {
  std::string bytes(size, '\0');
  Fill(bytes.data(), bytes.size());
  return bytes;
}

void SystemRandom::Fill(void* data, std::size_t size) {
  auto* out = static_cast<unsigned char*>(data);
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
