#pragma once

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/crypto/ec_signing_key.h"
#include "services/authn/secrets/secret_store.h"

namespace countersign::authn::secrets {

// What authn alone knows. Losing the first makes every access key unknown, losing the second every
// stored upstream credential unreadable; losing the third costs nothing but two minutes.
struct MasterSecrets {
  SecretString key_hash;              // 32 bytes: access keys are stored as HMACs under it
  SecretString vault;                 // 32 bytes: seals upstream credentials
  crypto::EcSigningKey internal_key;  // signs internal tokens
};

// Reads the secrets (`key-hash.key`, `vault.key`: 64 hex digits; `internal-signing.pem`), and makes
// those that do not exist yet. Processes that start together end up with the same ones.
// FAILED_PRECONDITION names the secret that cannot be used.
absl::StatusOr<MasterSecrets> LoadOrCreateMasterSecrets(SecretStore& store, RandomSource& random);

}  // namespace countersign::authn::secrets
