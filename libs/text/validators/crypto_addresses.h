#pragma once

#include "absl/strings/string_view.h"

// Addresses and keys of crypto-currencies. validators.h has the contract.
namespace countersign::text::validators {

// Checks a base58check address with a one-byte version: Bitcoin 0 and 5 (test 111, 196), Litecoin
// 48 and 50, Dogecoin 30 and 22, Dash 76 and 16, Tron 65.
bool IsBase58Address(absl::string_view match);
// A private key in wallet import format: version 128 or 239, 32 bytes, with or without the suffix
// for a compressed public key.
bool IsWalletKey(absl::string_view match);
bool IsRippleAddress(absl::string_view match);
bool IsSolanaAddress(absl::string_view match);
bool IsOneCase(absl::string_view match);

}  // namespace countersign::text::validators
