#include "services/authn/secrets/master_secrets.h"

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/seal.h"

namespace countersign::authn::secrets {
namespace {

absl::StatusOr<SecretString> GetOrCreate(SecretStore& store, const std::string& name,
                                         absl::FunctionRef<SecretString()> make) {
  auto found = store.Get(name);
  if (found.ok() || !absl::IsNotFound(found.status())) return found;
  const absl::Status created = store.Create(name, make());
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  return store.Get(name);
}

absl::StatusOr<SecretString> SymmetricKey(SecretStore& store, RandomSource& random,
                                          const std::string& name) {
  CS_ASSIGN_OR_RETURN(const SecretString hex, GetOrCreate(store, name, [&] {
                        return SecretString(HexEncode(random.Bytes(crypto::kSealKeyBytes)));
                      }));
  auto key = HexDecode(hex.Reveal());
  if (!key.ok() || key->size() != crypto::kSealKeyBytes) {
    return absl::FailedPreconditionError(absl::StrCat("secret ", name, " is not 64 hex digits"));
  }
  return SecretString(*std::move(key));
}

absl::StatusOr<crypto::EcSigningKey> SigningKey(SecretStore& store, const std::string& name) {
  CS_ASSIGN_OR_RETURN(const SecretString pem, GetOrCreate(store, name, [] {
                        return crypto::EcSigningKey::Generate().pem();
                      }));
  auto key = crypto::EcSigningKey::FromPem(pem);
  if (key.ok()) return key;
  return absl::FailedPreconditionError(absl::StrCat("secret ", name, ": ", key.status().message()));
}

}  // namespace

absl::StatusOr<MasterSecrets> LoadOrCreateMasterSecrets(SecretStore& store, RandomSource& random) {
  CS_ASSIGN_OR_RETURN(SecretString key_hash, SymmetricKey(store, random, "key-hash.key"));
  CS_ASSIGN_OR_RETURN(SecretString vault, SymmetricKey(store, random, "vault.key"));
  CS_ASSIGN_OR_RETURN(crypto::EcSigningKey internal_key, SigningKey(store, "internal-signing.pem"));
  crypto::EcSigningKey caller_key = internal_key.Derive("countersign caller tokens");
  return MasterSecrets{std::move(key_hash), std::move(vault), std::move(internal_key),
                       std::move(caller_key)};
}

}  // namespace countersign::authn::secrets
