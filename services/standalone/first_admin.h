#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"

namespace countersign::standalone {

// Makes sure that `file` (mode 0600: the key and a newline) holds a key that `store` knows, of the
// built-in administrator. A key that was revoked is left as it is: somebody meant it.
absl::Status EnsureFirstAdmin(const std::string& file, authn::access_keys::KeyStore& store,
                              const authn::access_keys::KeyHasher& hasher, const Clock& clock,
                              RandomSource& random);

}  // namespace countersign::standalone
