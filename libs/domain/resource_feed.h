#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/domain/resources.h"

namespace countersign::domain {

// A part that uses resources. Prepare judges a draft before it is committed (compile it, refuse
// with the path and the reason); Serve swaps the committed version in, and has taken effect when it
// returns. The feed calls both from one thread at a time, never from a network thread; Serve
// follows a Prepare of the same content unless the part has just started.
class ResourceWatcher {
 public:
  virtual ~ResourceWatcher() = default;
  virtual absl::Status Prepare(const std::shared_ptr<const ResourceSet>& draft) = 0;
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
