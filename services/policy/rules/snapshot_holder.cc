#include "services/policy/rules/snapshot_holder.h"

#include <utility>

#include "libs/base/status.h"
#include "services/policy/rules/rule_compiler.h"

namespace countersign::policy::rules {

absl::Status SnapshotHolder::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  CS_ASSIGN_OR_RETURN(auto compiled, CompileSnapshot(draft, engine_, Current()));
  const MutexLock lock(mutex_);
  validated_ = std::move(compiled);
  return absl::OkStatus();
}

absl::Status SnapshotHolder::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  {
    // The object that was validated need not be compiled again. Equal version numbers would not
    // suffice: a draft may be discarded and its number used again.
    const MutexLock lock(mutex_);
    std::shared_ptr<const Snapshot> validated = std::exchange(validated_, nullptr);
    if (validated != nullptr && validated->resources == set) {
      current_ = std::move(validated);
      return absl::OkStatus();
    }
  }
  CS_ASSIGN_OR_RETURN(auto compiled, CompileSnapshot(std::move(set), engine_, Current()));
  const MutexLock lock(mutex_);
  current_ = std::move(compiled);
  return absl::OkStatus();
}

std::shared_ptr<const Snapshot> SnapshotHolder::Current() const {
  const MutexLock lock(mutex_);
  return current_;
}

}  // namespace countersign::policy::rules
