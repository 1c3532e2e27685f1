#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

// The in-memory fake; keeps every version.
class MemoryResourceStore final : public ResourceStore {
 public:
  explicit MemoryResourceStore(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::uint64_t> Version() override;
  absl::StatusOr<domain::ResourceList> Load() override;
  absl::StatusOr<domain::ResourceList> LoadVersion(std::uint64_t version) override;
  absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                   const std::vector<ResourceChange>& changes,
                                   const std::string& author) override;

  // While `status` is not OK, every method returns it, like an unreachable database.
  void FailWith(absl::Status status);

 private:
  using Key = std::pair<std::string, std::string>;  // kind, name
  using Resources = std::map<Key, domain::Resource>;

  static domain::ResourceList ToSet(std::uint64_t version, const Resources& resources);

  const Clock& clock_;
  Mutex mutex_;
  absl::Status failure_ CS_GUARDED_BY(mutex_);
  std::vector<Resources> versions_ CS_GUARDED_BY(mutex_) = {Resources()};  // by version; 0 is empty
};

}  // namespace countersign::policy::resources
