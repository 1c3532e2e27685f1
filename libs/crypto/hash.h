#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Hashes and keyed hashes (OpenSSL 3). Results are raw bytes. All functions are thread-safe and
// cannot fail.
namespace countersign::crypto {

std::string Sha256(absl::string_view data);
std::string HmacSha256(absl::string_view key, absl::string_view data);

// HKDF-SHA-256 (RFC 5869) with an empty salt: `length` bytes (at most 255 * 32) bound to `info`.
std::string HkdfSha256(absl::string_view key, absl::string_view info, std::size_t length);

// True when both are equal; takes time that depends on the lengths alone.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace countersign::crypto
