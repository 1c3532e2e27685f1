#include "services/policy/testing/resource_store_memory.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/policy/policy_errors.h"

namespace countersign::policy::resources {

domain::ResourceList MemoryResourceStore::ToSet(std::uint64_t version, const Resources& resources) {
  domain::ResourceList set;
  set.version = version;
  for (const auto& [key, resource] : resources) set.resources.push_back(resource);
  return set;
}

absl::StatusOr<std::uint64_t> MemoryResourceStore::Version() {
  const MutexLock lock(mutex_);
  CS_RETURN_IF_ERROR(failure_);
  return versions_.size() - 1;
}

absl::StatusOr<domain::ResourceList> MemoryResourceStore::Load() {
  const MutexLock lock(mutex_);
  CS_RETURN_IF_ERROR(failure_);
  return ToSet(versions_.size() - 1, versions_.back());
}

absl::StatusOr<domain::ResourceList> MemoryResourceStore::LoadVersion(std::uint64_t version) {
  const MutexLock lock(mutex_);
  CS_RETURN_IF_ERROR(failure_);
  if (version >= versions_.size()) return NoSuchVersion(version);
  return ToSet(version, versions_[version]);
}

absl::StatusOr<Committed> MemoryResourceStore::Commit(std::uint64_t expected,
                                                      const std::vector<ResourceChange>& changes,
                                                      const std::string& /*author*/) {
  const MutexLock lock(mutex_);
  CS_RETURN_IF_ERROR(failure_);
  if (expected != versions_.size() - 1) return VersionConflict(expected);
  const Committed committed{expected + 1, clock_.Now()};
  Resources next = versions_.back();
  for (const ResourceChange& change : changes) {
    const Key key(change.kind, change.name);
    if (!change.replaced_spec.empty()) {
      // Replaces the spec in every version that still contains it.
      const std::string replaced = next[key].spec;
      for (Resources& old : versions_) {
        const auto found = old.find(key);
        if (found != old.end() && found->second.spec == replaced) {
          found->second.spec = change.replaced_spec;
        }
      }
    }
    if (change.spec.empty()) {
      next.erase(key);
    } else {
      const auto before = next.find(key);
      const std::uint64_t created =
          before == next.end() ? committed.version : before->second.created_version;
      next[key] = {change.kind,       change.name,  change.labels, change.spec,
                   committed.version, committed.at, created};
    }
  }
  versions_.push_back(std::move(next));
  return committed;
}

void MemoryResourceStore::FailWith(absl::Status status) {
  const MutexLock lock(mutex_);
  failure_ = std::move(status);
}

}  // namespace countersign::policy::resources
