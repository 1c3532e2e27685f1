#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign::authn::access_keys {

enum class KeyState {
  kRevoked,
  kExpired,
  kOrphaned,  // its Identity was deleted; the record alone does not show it (KeyManager::GetState)
  kActive,
};

// What is stored of an access key; not its value.
struct KeyRecord {
  std::string id;
  std::string identity;
  // The Identity's created_version: the key is invalid once that Identity is deleted, also if
  // another one gets its name. 0: bound to the name only (the built-in administrator's, and keys
  // from before this field existed).
  std::uint64_t identity_version = 0;
  std::string created_by;  // display name of the administrator; "bootstrap" for the first key
  absl::Time created_at = absl::InfinitePast();
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Time revoked_at = absl::InfiniteFuture();  // InfiniteFuture: not revoked

  // Never kOrphaned.
  KeyState StateAt(absl::Time now) const {
    if (revoked_at != absl::InfiniteFuture()) return KeyState::kRevoked;
    return now >= expires_at ? KeyState::kExpired : KeyState::kActive;
  }
};

struct KeyPage {
  std::vector<KeyRecord> items;
  std::string next_page_token;  // empty: the last page
};

// Stores access keys by the keyed hash of their value (32 bytes). Times have microsecond precision.
// Thread-safe; may block. Other errors than those named are the medium's (UNAVAILABLE …).
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // ALREADY_EXISTS when the id or the hash is taken, also by a revoked key.
  virtual absl::Status Insert(const KeyRecord& key, absl::string_view hash) = 0;
  // NOT_FOUND when no key has this hash. Revoked and expired keys are found.
  virtual absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) = 0;
  // NOT_FOUND when no key has this id. Revoked and expired keys are found.
  virtual absl::StatusOr<KeyRecord> FindById(const std::string& id) = 0;
  // Oldest first. `page_size` >= 1. INVALID_ARGUMENT for a token that List did not return.
  virtual absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) = 0;
  // Durable when it returns. Idempotent: a revoked key keeps its first revocation time. NOT_FOUND.
  virtual absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) = 0;
};

// A page token: the position after which the next page starts.
struct KeyPlace {
  absl::Time created_at = absl::InfinitePast();
  std::string id;
};
std::string KeyPageToken(const KeyRecord& last);
absl::StatusOr<KeyPlace> ParseKeyPageToken(absl::string_view token);  // "" is the first page

}  // namespace countersign::authn::access_keys
