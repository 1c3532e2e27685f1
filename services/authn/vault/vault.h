#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/domain/authenticator.h"

namespace countersign::authn::vault {

// What a Credential sends upstream, from its spec as JSON: exactly one of
// {"bearer":V}, {"header":{"name":…,"value":V}}, {"basic":{"username":…,"password":V}} or
// {"mtls":{"cert":V,"key":V}}, where V is {"inline":"…"}. Line breaks at the end of a value are
// dropped, because files have them. INVALID_ARGUMENT when it is none of these, a header name that
// the gateway sets itself, or a value that cannot stand in a header; messages quote no value.
absl::StatusOr<domain::CredentialLease> ParseCredentialSpec(const SecretString& spec);

// Seals the specs of Credentials for storage by policy, which cannot open them: AES-256-GCM under
// a key that only authn has, with the Credential's name in the context, so that a sealed value
// cannot be moved to another name. Sealed text reads `v1.<key id>.<base64url>`; the key id makes
// room for rotation: the first key seals, all of them open. Thread-safe.
class Vault {
 public:
  // REQUIRES: at least one key, each of 32 bytes.
  Vault(std::vector<SecretString> keys, RandomSource& random);

  // INVALID_ARGUMENT when no lease could be made from `spec`.
  absl::StatusOr<std::string> Seal(absl::string_view name, const SecretString& spec) const;

  // FAILED_PRECONDITION with reason `vault_key_missing` when it was sealed under a key that this
  // vault does not have, DATA_LOSS with reason `vault_open_failed` when it was changed or moved.
  absl::StatusOr<SecretString> Open(absl::string_view name, absl::string_view sealed) const;

 private:
  struct Key {
    std::string id;
    SecretString value;
  };
  std::vector<Key> keys_;
  RandomSource& random_;
};

}  // namespace countersign::authn::vault
