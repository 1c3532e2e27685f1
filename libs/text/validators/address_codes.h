#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// Checksums of crypto-currency addresses. All functions are pure.
namespace countersign::text::validators {

inline constexpr absl::string_view kBitcoinAlphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
inline constexpr absl::string_view kRippleAlphabet =
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

// The bytes before the checksum (version and payload) of a base58check text; nullopt when a
// character or the checksum (the first four bytes of the double SHA-256) is wrong.
std::optional<std::string> DecodeBase58Check(absl::string_view text, absl::string_view alphabet);

// The bytes of a base58 text without a checksum.
std::optional<std::string> DecodeBase58(absl::string_view text, absl::string_view alphabet);

// Whether a Bech32 (BIP 173) or Bech32m (BIP 350) text has one case and a valid checksum.
bool PassesBech32(absl::string_view text);

// Whether the letters of `0x` and 40 hexadecimal digits have the case of EIP-55. False if all have
// the same case, because that proves nothing.
bool PassesEip55(absl::string_view text);

// Whether a Stellar public key (SEP-23: base32 with a CRC-16) is valid.
bool PassesStellar(absl::string_view text);

}  // namespace countersign::text::validators
