#include "libs/base/encoding.h"

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"

namespace countersign {
namespace {

constexpr std::uint8_t kNone = 0xff;

// The value of each digit; kNone for characters that are not digits.
constexpr std::array<std::uint8_t, 256> MakeTable(absl::string_view digits) {
  std::array<std::uint8_t, 256> table{};
  for (std::uint8_t& value : table) value = kNone;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kNibbles = MakeTable("0123456789abcdef");
constexpr auto kSextets =
    MakeTable("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

std::uint32_t Nibble(char c) { return kNibbles[static_cast<unsigned char>(c)]; }
std::uint32_t Sextet(char c) { return kSextets[static_cast<unsigned char>(c)]; }

std::string BigEndian(std::uint64_t number) {
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(number >> (56 - 8 * i));
  return out;
}

}  // namespace

std::string HexEncode(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

absl::StatusOr<std::string> HexDecode(absl::string_view hex) {
  if (hex.size() % 2 != 0) return absl::InvalidArgumentError("hex text has an odd length");
  std::string out(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint32_t high = Nibble(hex[2 * i]);
    const std::uint32_t low = Nibble(hex[2 * i + 1]);
    if ((high | low) > 15) return absl::InvalidArgumentError("not lower-case hex");
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string Base64UrlEncode(absl::string_view bytes) {
  return absl::WebSafeBase64Escape(bytes);  // Abseil's web-safe form has no padding.
}

absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text) {
  const std::size_t rest = text.size() % 4;
  if (rest == 1) return absl::InvalidArgumentError("base64url text has an impossible length");
  std::string out(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1), '\0');
  std::uint32_t seen = 0;  // above 63 after a character that is not a digit
  std::size_t at = 0;
  const auto take = [&](std::size_t digits) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const std::uint32_t value = Sextet(text[at++]);
      seen |= value;
      bits = bits << 6 | value;
    }
    return bits;
  };
  char* to = out.data();
  for (std::size_t group = text.size() / 4; group > 0; --group) {
    const std::uint32_t bits = take(4);
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  std::uint32_t left = 0;  // bits after the last whole byte
  if (rest == 2) {
    const std::uint32_t bits = take(2);
    *to++ = static_cast<char>(bits >> 4);
    left = bits & 15;
  } else if (rest == 3) {
    const std::uint32_t bits = take(3);
    *to++ = static_cast<char>(bits >> 10);
    *to++ = static_cast<char>(bits >> 2);
    left = bits & 3;
  }
  if (seen > 63) return absl::InvalidArgumentError("not base64url");
  if (left != 0) return absl::InvalidArgumentError("base64url text has bits after its end");
  return out;
}

LengthPrefixed& LengthPrefixed::Add(absl::string_view field) {
  bytes_ += BigEndian(field.size());
  bytes_.append(field.data(), field.size());
  return *this;
}

LengthPrefixed& LengthPrefixed::Add(std::uint64_t number) { return Add(BigEndian(number)); }

}  // namespace countersign
