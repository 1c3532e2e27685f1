#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::authn::access_keys {

// A new access key: `cs_<id>_<secret>`. The id is 12 characters of base32, the secret 256 random
// bits in base64url. The prefix lets secret scanners find keys; the id is never used to
// authenticate.
struct FreshKey {
  std::string id;
  SecretString key;
};
FreshKey MakeAccessKey(RandomSource& random);

// A new id for an adopted key, whose value was chosen elsewhere.
std::string MakeKeyId(RandomSource& random);

// INVALID_ARGUMENT unless `key` can be adopted: 16 to 4096 printable ASCII characters without
// spaces, so that it fits in a header and is hard to guess.
absl::Status CheckAdoptedKey(const SecretString& key);

// Hashes keys for storage and look-up: HMAC-SHA-256 under a key that only authn has. A stolen table
// can neither be used nor searched for weak adopted keys.
class KeyHasher {
 public:
  explicit KeyHasher(SecretString hash_key) : hash_key_(std::move(hash_key)) {}
  std::string Hash(const SecretString& key) const;

 private:
  SecretString hash_key_;
};

}  // namespace countersign::authn::access_keys
