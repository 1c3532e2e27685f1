#include "services/authn/access_keys/key_manager.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/directory/directory.h"

namespace countersign::authn::access_keys {
namespace {

absl::StatusOr<CreatedKey> Register(KeyStore& store, const KeyHasher& hasher, RandomSource& random,
                                    KeyRecord record, const SecretString& adopt) {
  CreatedKey created{std::move(record), {}};
  std::string hash;
  if (adopt.empty()) {
    FreshKey fresh = MakeAccessKey(random);
    created.record.id = std::move(fresh.id);
    hash = hasher.Hash(fresh.key);
    created.key = std::move(fresh.key);
  } else {
    CS_RETURN_IF_ERROR(CheckAdoptedKey(adopt));
    created.record.id = MakeKeyId(random);
    hash = hasher.Hash(adopt);
  }
  const absl::Status inserted = store.Insert(created.record, hash);
  if (absl::IsAlreadyExists(inserted)) {
    return WithReason(
        absl::AlreadyExistsError("this key is registered already; a revoked key cannot come back"),
        "key_exists");
  }
  CS_RETURN_IF_ERROR(inserted);
  return created;
}

}  // namespace

absl::StatusOr<CreatedKey> KeyManager::Create(const NewKey& request) {
  KeyRecord record;
  if (request.identity != directory::kBuiltInAdmin) {
    const auto directory = directory_.Current();
    const domain::Identity* const identity =
        directory == nullptr ? nullptr : directory->FindIdentity(request.identity);
    if (identity == nullptr) {
      return WithReason(
          absl::NotFoundError(absl::StrCat("there is no Identity \"", request.identity,
                                           "\": apply one before its key")),
          "not_found");
    }
    record.identity_version = identity->created_version;
  }
  record.identity = request.identity;
  record.created_by = request.created_by;
  record.created_at = clock_.Now();
  if (request.ttl > absl::ZeroDuration()) {
    // Rounded as the store rounds it, so that this answer and later listings agree.
    record.expires_at = absl::FromUnixMicros(absl::ToUnixMicros(record.created_at + request.ttl));
  }
  return Register(store_, hasher_, random_, std::move(record), request.adopt);
}

absl::StatusOr<KeyPage> KeyManager::List(std::size_t page_size, absl::string_view page_token) {
  return store_.List(page_size, page_token);
}

KeyState KeyManager::GetState(const KeyRecord& key) const {
  const KeyState state = key.StateAt(clock_.Now());
  const auto directory = directory_.Current();
  if (state != KeyState::kActive || directory == nullptr) return state;
  return directory->CheckIdentity(key).ok() ? KeyState::kActive : KeyState::kOrphaned;
}

absl::StatusOr<KeyRecord> KeyManager::Revoke(const std::string& id) {
  auto revoked = store_.Revoke(id, clock_.Now());
  if (absl::IsNotFound(revoked.status())) {
    return WithReason(absl::NotFoundError(absl::StrCat("there is no key \"", id, "\"")),
                      "not_found");
  }
  CS_RETURN_IF_ERROR(revoked.status());
  (void)revocations_.PublishAndWait();
  return revoked;
}

absl::StatusOr<CreatedKey> BootstrapAdmin(KeyStore& store, const KeyHasher& hasher,
                                          const Clock& clock, RandomSource& random,
                                          const SecretString& adopt) {
  KeyRecord record;
  record.identity = std::string(directory::kBuiltInAdmin);
  record.created_by = "bootstrap";
  record.created_at = clock.Now();
  return Register(store, hasher, random, std::move(record), adopt);
}

}  // namespace countersign::authn::access_keys
