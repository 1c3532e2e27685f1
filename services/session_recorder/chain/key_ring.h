#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/crypto/signing_key.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder::chain {

// Holds the key-encryption keys (KEK) that wrap the data key of every session. Destroying a
// session's wrapped key makes its payloads unreadable for ever. Thread-safe.
class KeyRing {
 public:
  virtual ~KeyRing() = default;
  virtual WrappedKey Wrap(absl::string_view session_id, const SecretString& data_key) = 0;
  // NOT_FOUND for an unknown key id, DATA_LOSS when it is not the key of that session.
  virtual absl::StatusOr<SecretString> Unwrap(absl::string_view session_id,
                                              const WrappedKey& wrapped) = 0;
};

// Keys from a file: one per line, "ID BASE64URL" (32 bytes); the first line wraps, all unwrap, so
// that rotating means to put a new line on top. Lines that start with # do not count.
class FileKeyRing final : public KeyRing {
 public:
  // INVALID_ARGUMENT with the line that is wrong; NOT_FOUND when there is no file.
  static absl::StatusOr<std::unique_ptr<FileKeyRing>> Load(const std::string& path,
                                                           RandomSource& random);
  // As Load, but makes the file (mode 0600) with one new key when there is none.
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

// The Ed25519 key that signs checkpoints and exports: a file with the seed as base64url, made (mode
// 0600) when there is none.
absl::StatusOr<crypto::SigningKey> LoadOrCreateSigningKey(const std::string& path);

}  // namespace countersign::session_recorder::chain
