#pragma once

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/crypto/ec_signing_key.h"
#include "services/authn/secrets/secret_store.h"

namespace countersign::authn::secrets {

// The secrets that only authn has. Without `key_hash` every access key is unknown; without `vault`
// no stored upstream credential can be read; a new `internal_key` costs two minutes of internal
// tokens, and all tokens that callers got in exchange.
struct MasterSecrets {
  SecretString key_hash;              // 32 bytes: access keys are stored as HMACs under it
  SecretString vault;                 // 32 bytes: seals upstream credentials
  crypto::EcSigningKey internal_key;  // signs internal tokens
  // Signs the tokens that callers get in exchange. Derived from internal_key, so that installations
  // need no further secret.
  crypto::EcSigningKey caller_key;
};

// Reads the secrets (`key-hash.key`, `vault.key`: 64 hex digits; `internal-signing.pem`) and
// creates missing ones. Processes that start together end up with the same secrets.
// FAILED_PRECONDITION names an unusable secret.
absl::StatusOr<MasterSecrets> LoadOrCreateMasterSecrets(SecretStore& store, RandomSource& random);

}  // namespace countersign::authn::secrets
