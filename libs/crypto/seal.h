#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::crypto {

inline constexpr std::size_t kSealKeyBytes = 32;

// AES-256-GCM with a random 96-bit nonce: nonce ‖ ciphertext ‖ 128-bit tag. `context` is
// authenticated but not stored: opening with another context fails, so a sealed value cannot be
// moved to another row, name or purpose. One key may seal at most 2^32 values (SP 800-38D §8.3);
// the keys here are per session or per vault and stay far below that. REQUIRES: key.size() ==
// kSealKeyBytes.
std::string Seal(const SecretString& key, absl::string_view context, absl::string_view plaintext,
                 RandomSource& random);

// DATA_LOSS when `sealed` is not the result of Seal with this key and context.
absl::StatusOr<std::string> Open(const SecretString& key, absl::string_view context,
                                 absl::string_view sealed);

}  // namespace countersign::crypto
