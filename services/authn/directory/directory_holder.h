#pragma once

#include <memory>

#include "libs/base/mutex.h"
#include "libs/domain/resource_feed.h"
#include "services/authn/directory/directory.h"
#include "services/authn/revocation/revocation_feed.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn::directory {

// Holds the directory of the served version. Thread-safe.
class DirectoryHolder final : public domain::ResourceWatcher {
 public:
  DirectoryHolder(const vault::Vault& vault, revocation::RevocationFeed& revocations)
      : vault_(vault), revocations_(revocations) {}

  // Null before the first Serve.
  std::shared_ptr<const Directory> Current() const;

  // Refuses what Directory::Compile refuses, and Credentials that the vault cannot open.
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;

  // Swaps the directory, then empties every cache of verified credentials, because principals may
  // have changed. Does not check Credentials again: one that can no longer be opened then fails its
  // own connection only.
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

 private:
  const vault::Vault& vault_;
  revocation::RevocationFeed& revocations_;
  mutable Mutex mutex_;
  std::shared_ptr<const Directory> current_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::directory
