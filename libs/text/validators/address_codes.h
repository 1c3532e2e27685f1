#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// How crypto-currencies write addresses with a checksum. All are pure.
namespace countersign::text::validators {

inline constexpr absl::string_view kBitcoinAlphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
inline constexpr absl::string_view kRippleAlphabet =
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

// The bytes before the checksum of a base58check text (version and payload); nothing where a
// character or the checksum (the first four bytes of the double SHA-256) is wrong.
std::optional<std::string> DecodeBase58Check(absl::string_view text, absl::string_view alphabet);

// The bytes of a base58 text without a checksum.
std::optional<std::string> DecodeBase58(absl::string_view text, absl::string_view alphabet);

// Whether a Bech32 (BIP 173) or Bech32m (BIP 350) text is of one case and its checksum fits.
bool PassesBech32(absl::string_view text);

// Whether the letters of `0x` and 40 hexadecimal digits are cased as EIP-55 says. False where all
// of them have one case: that tells nothing.
bool PassesEip55(absl::string_view text);

// Whether an Ed25519 public key of Stellar (SEP-23: base32 with a CRC-16) is whole.
bool PassesStellar(absl::string_view text);

}  // namespace countersign::text::validators
