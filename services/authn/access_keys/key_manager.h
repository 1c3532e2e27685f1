#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "services/authn/access_keys/access_key.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/directory/directory_holder.h"
#include "services/authn/revocation/revocation_feed.h"

namespace countersign::authn::access_keys {

struct CreatedKey {
  KeyRecord record;
  SecretString key;  // shown once; empty when an existing value was adopted
};

struct NewKey {
  std::string identity;
  absl::Duration ttl = absl::ZeroDuration();  // zero: does not expire
  SecretString adopt;                         // not empty: register this value
  std::string created_by;
};

// Creates and revokes access keys. Blocking; thread-safe.
class KeyManager {
 public:
  KeyManager(KeyStore& store, const KeyHasher& hasher, const directory::DirectoryHolder& directory,
             revocation::RevocationFeed& revocations, const Clock& clock, RandomSource& random)
      : store_(store),
        hasher_(hasher),
        directory_(directory),
        revocations_(revocations),
        clock_(clock),
        random_(random) {}

  // The key is valid when this returns. NOT_FOUND without such an Identity (except for the built-in
  // administrator); INVALID_ARGUMENT for a value that cannot be adopted; ALREADY_EXISTS when the
  // value is registered, in any state.
  absl::StatusOr<CreatedKey> Create(const NewKey& request);

  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token);

  // The state of `key` now: kActive only if authentication accepts it. Before the first resources
  // were served no Identity is known, and none counts as deleted.
  KeyState GetState(const KeyRecord& key) const;

  // The revocation is effective when this returns: every cache of verified credentials has
  // confirmed that it is empty, or has lost contact for so long that it treats itself as empty.
  absl::StatusOr<KeyRecord> Revoke(const std::string& id);

 private:
  KeyStore& store_;
  const KeyHasher& hasher_;
  const directory::DirectoryHolder& directory_;
  revocation::RevocationFeed& revocations_;
  const Clock& clock_;
  RandomSource& random_;
};

// Creates a key of the built-in administrator, who exists without resources (Directory); with
// `adopt`, registers that value instead. Called at the first start of the standalone gateway and of
// scripts/dev, which write it to a file of mode 0600. Blocking. ALREADY_EXISTS when `adopt` is
// registered, also if it was revoked; INVALID_ARGUMENT when it cannot be an access key.
absl::StatusOr<CreatedKey> BootstrapAdmin(KeyStore& store, const KeyHasher& hasher,
                                          const Clock& clock, RandomSource& random,
                                          const SecretString& adopt = {});

}  // namespace countersign::authn::access_keys
