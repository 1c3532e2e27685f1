#include "libs/text/validators/address_codes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "libs/crypto/hash.h"
#include "libs/text/validators/keccak.h"

namespace countersign::text::validators {
namespace {

constexpr absl::string_view kBech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr absl::string_view kBase32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::uint32_t Bech32Step(std::uint32_t sum, std::uint32_t value) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = sum >> 25;
  sum = (sum & 0x1ffffff) << 5 ^ value;
  for (std::size_t i = 0; i < 5; ++i) {
    if ((top >> i & 1) != 0) sum ^= kGenerator[i];
  }
  return sum;
}

}  // namespace

std::optional<std::string> DecodeBase58(absl::string_view text, absl::string_view alphabet) {
  std::vector<std::uint8_t> bytes;  // little-endian
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == absl::string_view::npos) return std::nullopt;
    unsigned carry = static_cast<unsigned>(digit);
    for (std::uint8_t& byte : bytes) {
      carry += 58u * byte;
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    for (; carry != 0; carry >>= 8) bytes.push_back(static_cast<std::uint8_t>(carry));
  }
  for (const char c : text) {
    if (c != alphabet[0]) break;
    bytes.push_back(0);
  }
  return std::string(bytes.rbegin(), bytes.rend());
}

std::optional<std::string> DecodeBase58Check(absl::string_view text, absl::string_view alphabet) {
  std::optional<std::string> bytes = DecodeBase58(text, alphabet);
  if (!bytes || bytes->size() < 5) return std::nullopt;
  const std::string check = bytes->substr(bytes->size() - 4);
  bytes->resize(bytes->size() - 4);
  if (crypto::Sha256(crypto::Sha256(*bytes)).substr(0, 4) != check) return std::nullopt;
  return bytes;
}

bool PassesBech32(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  if (text != lower && text != absl::AsciiStrToUpper(text)) return false;
  const std::size_t separator = lower.rfind('1');
  if (separator == std::string::npos || separator == 0 || separator + 7 > lower.size()) {
    return false;
  }
  std::uint32_t sum = 1;
  for (std::size_t i = 0; i < separator; ++i) {
    sum = Bech32Step(sum, static_cast<std::uint32_t>(lower[i]) >> 5);
  }
  sum = Bech32Step(sum, 0);
  for (std::size_t i = 0; i < separator; ++i) {
    sum = Bech32Step(sum, static_cast<std::uint32_t>(lower[i]) & 31);
  }
  for (std::size_t i = separator + 1; i < lower.size(); ++i) {
    const std::size_t value = kBech32Alphabet.find(lower[i]);
    if (value == absl::string_view::npos) return false;
    sum = Bech32Step(sum, static_cast<std::uint32_t>(value));
  }
  return sum == 1 || sum == 0x2bc830a3;
}

bool PassesEip55(absl::string_view text) {
  if (text.size() != 42) return false;
  const absl::string_view digits = text.substr(2);
  const std::string lower = absl::AsciiStrToLower(digits);
  if (digits == lower || digits == absl::AsciiStrToUpper(digits)) return false;
  const std::string hash = Keccak256(lower);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto c = static_cast<unsigned char>(digits[i]);
    if (!absl::ascii_isalpha(c)) continue;
    const auto byte = static_cast<unsigned char>(hash[i / 2]);
    const bool upper = ((i % 2 == 0 ? byte >> 4 : byte & 15) & 8) != 0;
    if (upper != absl::ascii_isupper(c)) return false;
  }
  return true;
}

bool PassesStellar(absl::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned buffer = 0;
  for (const char c : text) {
    const std::size_t value = kBase32Alphabet.find(c);
    if (value == absl::string_view::npos) return false;
    buffer = buffer << 5 | static_cast<unsigned>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(buffer >> bits);
      buffer &= (1u << bits) - 1;
    }
  }
  if (bytes.size() != 35) return false;
  unsigned crc = 0;  // CRC-16/XMODEM, stored little-endian
  for (std::size_t i = 0; i < 33; ++i) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1 & 0xFFFF;
    }
  }
  return static_cast<unsigned char>(bytes[33]) == (crc & 0xFF) &&
         static_cast<unsigned char>(bytes[34]) == crc >> 8;
}

}  // namespace countersign::text::validators
