#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace countersign::authn::access_keys {

enum class KeyState { kRevoked, kExpired, kActive };

// An access key, without the key.
struct KeyRecord {
  std::string id;
  std::string identity;
  std::string created_by;  // display name of the administrator; "bootstrap" for the first key
  absl::Time created_at = absl::InfinitePast();
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Time revoked_at = absl::InfiniteFuture();  // InfiniteFuture: it was not

  KeyState StateAt(absl::Time now) const {
    if (revoked_at != absl::InfiniteFuture()) return KeyState::kRevoked;
    return now >= expires_at ? KeyState::kExpired : KeyState::kActive;
  }
};

struct KeyPage {
  std::vector<KeyRecord> items;
  std::string next_page_token;  // empty: the last page
};

// Access keys by the keyed hash of their value (32 bytes). Times are kept to the microsecond.
// Thread-safe; may block. Errors that are not named here are those of the medium (UNAVAILABLE …).
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // ALREADY_EXISTS when the id or the hash is taken, also by a revoked key.
  virtual absl::Status Insert(const KeyRecord& key, absl::string_view hash) = 0;
  // NOT_FOUND when no key, of whatever state, has this hash.
  virtual absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) = 0;
  // Oldest first. `page_size` >= 1. INVALID_ARGUMENT for a token that no List gave.
  virtual absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) = 0;
  // Durable when it returns. A key that was revoked before keeps its first time. NOT_FOUND.
  virtual absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) = 0;
};

// Page tokens: the place after which the next page starts.
struct KeyPlace {
  absl::Time created_at = absl::InfinitePast();
  std::string id;
};
std::string KeyPageToken(const KeyRecord& last);
absl::StatusOr<KeyPlace> ParseKeyPageToken(absl::string_view token);  // "": before the first

}  // namespace countersign::authn::access_keys
