#include "libs/text/validators/crypto_addresses.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/validators/address_codes.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsBase58Address(absl::string_view match) {
  constexpr std::array<unsigned char, 11> kVersions = {0, 5, 111, 196, 48, 50, 30, 22, 76, 16, 65};
  const auto bytes = DecodeBase58Check(match, kBitcoinAlphabet);
  if (!bytes) return false;
  // Zcash has a two-byte version: 0x1CB8 or 0x1CBD.
  if (bytes->size() == 22) return (*bytes)[0] == '\x1c';
  const auto version = static_cast<unsigned char>((*bytes)[0]);
  return bytes->size() == 21 &&
         std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
}

bool IsWalletKey(absl::string_view match) {
  const auto bytes = DecodeBase58Check(match, kBitcoinAlphabet);
  return bytes && (bytes->size() == 33 || bytes->size() == 34) &&
         ((*bytes)[0] == '\x80' || (*bytes)[0] == '\xef');
}

bool IsRippleAddress(absl::string_view match) {
  const auto bytes = DecodeBase58Check(match, kRippleAlphabet);
  return bytes && bytes->size() == 21 && (*bytes)[0] == '\0';
}

bool IsSolanaAddress(absl::string_view match) {
  const auto bytes = DecodeBase58(match, kBitcoinAlphabet);
  return bytes && bytes->size() == 32 && LooksRandom(match);
}

bool IsOneCase(absl::string_view match) {
  if (match.size() <= 2) return false;
  const absl::string_view digits = match.substr(2);
  return Entropy(digits) > 2.5 &&
         (digits == absl::AsciiStrToLower(digits) || digits == absl::AsciiStrToUpper(digits));
}

}  // namespace countersign::text::validators
