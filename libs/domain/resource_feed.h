#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/domain/resources.h"

namespace countersign::domain {

// A part that uses resources. The feed calls both methods from one thread at a time, never from a
// network thread. Serve follows a Validate of the same content unless the part has just started.
class ResourceWatcher {
 public:
  virtual ~ResourceWatcher() = default;

  // Whether this part could serve `draft`, which is not committed yet. INVALID_ARGUMENT lists what
  // it cannot serve, one mistake per line with its path. Changes nothing that is in service.
  virtual absl::Status Validate(const std::shared_ptr<const ResourceSet>& draft) = 0;

  // Serves `set`, which is committed, from now on: it is in use when this returns.
  virtual absl::Status Serve(std::shared_ptr<const ResourceSet> set) = 0;
};

// Where resources come from: policy's hub in the same process (standalone, policy itself) or a gRPC
// stream from it. A watcher gets the current version soon after Attach and every later one; it must
// outlive the feed.
class ResourceFeed {
 public:
  virtual ~ResourceFeed() = default;
  virtual void Attach(const std::string& part, ResourceWatcher& watcher) = 0;
};

}  // namespace countersign::domain
