#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/crypto/signing_key.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder::chain {

// The key-encryption keys (KEKs) that wrap every session's data key. Destroying a session's wrapped
// key makes its payloads unreadable. Thread-safe.
class KeyRing {
 public:
  virtual ~KeyRing() = default;
  virtual WrappedKey Wrap(absl::string_view session_id, const SecretString& data_key) = 0;
  // NOT_FOUND for an unknown key id; DATA_LOSS when `wrapped` is not a key of that session.
  virtual absl::StatusOr<SecretString> Unwrap(absl::string_view session_id,
                                              const WrappedKey& wrapped) = 0;
};

// KEKs from a file with one key per line, "ID BASE64URL" (32 bytes). The first line wraps, all
// lines unwrap: to rotate, insert a line at the top. Lines that start with # are comments.
class FileKeyRing final : public KeyRing {
 public:
  // INVALID_ARGUMENT names the invalid line; NOT_FOUND when the file does not exist.
  static absl::StatusOr<std::unique_ptr<FileKeyRing>> Load(const std::string& path,
                                                           RandomSource& random);
  // As Load, but creates a missing file (mode 0600) with one new key.
  static absl::StatusOr<std::unique_ptr<FileKeyRing>> LoadOrCreate(const std::string& path,
                                                                   RandomSource& random);

  WrappedKey Wrap(absl::string_view session_id, const SecretString& data_key) override;
  absl::StatusOr<SecretString> Unwrap(absl::string_view session_id,
                                      const WrappedKey& wrapped) override;

 private:
  struct Key {
    std::string id;
    SecretString bytes;
  };
  FileKeyRing(std::vector<Key> keys, RandomSource& random)
      : keys_(std::move(keys)), random_(random) {}
  static absl::StatusOr<std::vector<Key>> Parse(const std::string& path, const std::string& text);

  const std::vector<Key> keys_;
  RandomSource& random_;
};

// The Ed25519 key that signs checkpoints and exports. The file contains the seed as base64url; a
// missing one is created with mode 0600.
absl::StatusOr<crypto::SigningKey> LoadOrCreateSigningKey(const std::string& path);

// The keys of a recorder in its folder of secrets, created if missing: `record.keys` and
// `checkpoint.key`.
struct FolderKeys {
  std::unique_ptr<FileKeyRing> ring;
  crypto::SigningKey signing;
};
absl::StatusOr<FolderKeys> LoadOrCreateKeys(const std::string& folder, RandomSource& random);

}  // namespace countersign::session_recorder::chain
