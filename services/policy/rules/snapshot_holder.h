#pragma once

#include <memory>

#include "libs/base/mutex.h"
#include "libs/domain/resource_feed.h"
#include "services/policy/rules/rule_set.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::policy::rules {

// Holds the snapshot in use. Validate compiles a draft and keeps the result for the Serve that
// follows; a draft that does not compile changes nothing. Thread-safe.
class SnapshotHolder final : public domain::ResourceWatcher {
 public:
  explicit SnapshotHolder(const TextEngine& engine) : engine_(engine) {}

  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

  // Null until the first Serve: nothing can be decided then, and calls are refused.
  std::shared_ptr<const Snapshot> Current() const;

 private:
  const TextEngine& engine_;
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> current_ CS_GUARDED_BY(mutex_);
  std::shared_ptr<const Snapshot> validated_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::policy::rules
