#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::authn::access_keys {

// A fresh access key: `cs_<id>_<secret>`, the id 12 characters of base32, the secret 256 random
// bits in base64url. The prefix lets secret scanners find it; nothing is ever decided by the id in
// it.
struct FreshKey {
  std::string id;
  SecretString key;
};
FreshKey MakeAccessKey(RandomSource& random);

// An id for a key whose value somebody else made.
std::string MakeKeyId(RandomSource& random);

// INVALID_ARGUMENT unless `key` can be registered as it is: 16 to 4096 printable ASCII characters,
// without spaces, so that it can be sent in a header and not be guessed.
absl::Status CheckAdoptedKey(const SecretString& key);

// What is stored and looked up in place of a key: HMAC-SHA-256 under a key that only authn has, so
// that a stolen table can neither be used nor be searched for weak adopted keys.
class KeyHasher {
 public:
  explicit KeyHasher(SecretString hash_key) : hash_key_(std::move(hash_key)) {}
  std::string Hash(const SecretString& key) const;

 private:
  SecretString hash_key_;
};

}  // namespace countersign::authn::access_keys
