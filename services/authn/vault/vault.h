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

// The headers or client certificate that a Credential sends upstream, from its spec as JSON:
// exactly one of {"bearer":V}, {"header":{"name":…,"value":V}},
// {"basic":{"username":…,"password":V}} and {"mtls":{"cert":V,"key":V}}, where V is {"inline":"…"}.
// Line breaks at the end of a value are dropped, because values read from files have them.
// INVALID_ARGUMENT for other forms, for a header that the gateway sets itself, and for a value that
// a header cannot carry. Messages quote no value.
absl::StatusOr<domain::CredentialLease> ParseCredentialSpec(const SecretString& spec);

// Seals the specs of Credentials, which policy stores and cannot open: AES-256-GCM under a key that
// only authn has. The Credential's name is authenticated with it, so a sealed value cannot be moved
// to another name. Format: `v1.<key id>.<base64url>`. For rotation there may be several keys: the
// first seals, all of them open. Thread-safe.
class Vault {
 public:
  // REQUIRES: at least one key, each of 32 bytes.
  Vault(std::vector<SecretString> keys, RandomSource& random);

  // INVALID_ARGUMENT when ParseCredentialSpec refuses `spec`.
  absl::StatusOr<std::string> Seal(absl::string_view name, const SecretString& spec) const;

  // FAILED_PRECONDITION `vault_key_missing` when it was sealed under a key that this vault does not
  // have; DATA_LOSS `vault_open_failed` when it was modified or moved to another name.
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
