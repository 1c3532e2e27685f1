#include "services/authn/assertions/used_assertions.h"

#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"

namespace countersign::authn::assertions {

std::string AssertionDigest(absl::string_view issuer, absl::string_view id) {
  return crypto::Sha256(LengthPrefixed().Add(issuer).Add(id).bytes());
}

}  // namespace countersign::authn::assertions
