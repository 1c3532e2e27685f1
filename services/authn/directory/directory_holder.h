#pragma once

#include <memory>
#include <mutex>

#include "libs/domain/resource_feed.h"
#include "services/authn/directory/directory.h"
#include "services/authn/revocation/revocation_feed.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn::directory {

// The directory of the version that is served. Thread-safe.
class DirectoryHolder final : public domain::ResourceWatcher {
 public:
  DirectoryHolder(const vault::Vault& vault, revocation::RevocationFeed& revocations)
      : vault_(vault), revocations_(revocations) {}

  // Null before the first Serve.
  std::shared_ptr<const Directory> Current() const;

  // Refuses what Directory::Compile refuses, and Credentials that the vault cannot open.
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;

  // Swaps, then voids every cache of verified credentials: who was somebody under the old version
  // may be nobody under the new one. Credentials are not looked at again, so that one that cannot
  // be opened any more stops its connection and nothing else.
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

 private:
  const vault::Vault& vault_;
  revocation::RevocationFeed& revocations_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Directory> current_;
};

}  // namespace countersign::authn::directory
