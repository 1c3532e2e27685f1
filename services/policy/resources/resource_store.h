#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/domain/resource_list.h"

namespace countersign::policy::resources {

struct ResourceChange {
  std::string kind;
  std::string name;
  std::string spec;  // empty: the resource is deleted
  std::map<std::string, std::string> labels;
  // What history keeps of the spec that this change replaces; empty: the spec itself. So a rotated
  // secret does not live on in old versions.
  std::string replaced_spec;
};

struct Committed {
  std::uint64_t version = 0;
  absl::Time at = absl::InfinitePast();
};

// The one store of resources. Every commit makes one new version of the whole set; old versions
// stay readable, so that a recorded decision can be replayed. Blocking: never on a network thread.
// UNAVAILABLE when the store cannot be reached. Thread-safe.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  virtual absl::StatusOr<std::uint64_t> Version() = 0;
  virtual absl::StatusOr<domain::ResourceList> Load() = 0;

  // NOT_FOUND when there never was such a version.
  virtual absl::StatusOr<domain::ResourceList> LoadVersion(std::uint64_t version) = 0;

  // Makes `changes` version `expected` + 1, all or nothing. ABORTED (reason version_conflict) when
  // the store is not at `expected`, and nothing has changed; UNKNOWN when the connection broke
  // during the commit: whether it happened shows in Version().
  // REQUIRES: `changes` is not empty and names each resource once; what it deletes exists.
  virtual absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                           const std::vector<ResourceChange>& changes,
                                           const std::string& author) = 0;
};

}  // namespace countersign::policy::resources
