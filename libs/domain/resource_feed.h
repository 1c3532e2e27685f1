#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/domain/resources.h"

namespace countersign::domain {

// A part of the gateway that uses resources. The feed calls both methods from one thread at a time,
// never a network thread. Serve follows a Validate of the same content, unless the part has just
// started.
class ResourceWatcher {
 public:
  virtual ~ResourceWatcher() = default;

  // Whether this part could serve `draft`, which is not committed yet. INVALID_ARGUMENT lists the
  // mistakes, one per line with its path. Does not change what is served.
  virtual absl::Status Validate(const std::shared_ptr<const ResourceSet>& draft) = 0;

  // Serves the committed `set`, which is in use when this returns.
  virtual absl::Status Serve(std::shared_ptr<const ResourceSet> set) = 0;
};

// Delivers resources to watchers: policy's hub in the same process (standalone, policy), or a gRPC
// stream from it. A watcher gets the current version soon after Attach, and later every new one; it
// must outlive the feed.
class ResourceFeed {
 public:
  virtual ~ResourceFeed() = default;
  virtual void Attach(const std::string& part, ResourceWatcher& watcher) = 0;
};

}  // namespace countersign::domain
