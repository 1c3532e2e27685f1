#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::standalone {

// Ensures that `file` (mode 0600: a key and a newline) contains an access key of the built-in
// administrator that `store` knows. A revoked key is not replaced, because its revocation was
// intended.
absl::Status EnsureFirstAdmin(const std::string& file, authn::access_keys::KeyStore& store,
                              const authn::access_keys::KeyHasher& hasher, const Clock& clock,
                              RandomSource& random);

}  // namespace countersign::standalone
