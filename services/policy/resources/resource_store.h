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
  std::string spec;  // empty: delete the resource
  std::map<std::string, std::string> labels;
  // The spec that history keeps instead of the replaced one; empty: the replaced one. Used to erase
  // rotated secrets from old versions.
  // secret does not live on in old versions.
  std::string replaced_spec;
};

struct Committed {
  std::uint64_t version = 0;
  absl::Time at = absl::InfinitePast();
};

// Stores the resources. Every commit creates one new version of the whole set; old versions stay
// readable, so that a recorded decision can be replayed. The store records in which version a
// resource was created (Resource::created_version). Blocking: never call it on a network thread.
// UNAVAILABLE when the store cannot be reached. Thread-safe.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  virtual absl::StatusOr<std::uint64_t> Version() = 0;
  virtual absl::StatusOr<domain::ResourceList> Load() = 0;

  // NOT_FOUND when the version never existed.
  virtual absl::StatusOr<domain::ResourceList> LoadVersion(std::uint64_t version) = 0;

  // Commits `changes` as version `expected` + 1, atomically. ABORTED (reason version_conflict),
  // without a change, when the store is not at `expected`; UNKNOWN when the connection broke during
  // the commit, whose outcome Version() shows. REQUIRES: `changes` is not empty and names each
  // resource once; deleted resources exist.
  virtual absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                           const std::vector<ResourceChange>& changes,
                                           const std::string& author) = 0;
};

}  // namespace countersign::policy::resources
