#pragma once

#include <memory>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/domain/resources.h"

namespace countersign::edge::call {

// The served version of the resources. Thread-safe.
class ServedResources {
 public:
  // Null before the first version.
  std::shared_ptr<const domain::ResourceSet> Current() const {
    const MutexLock lock(mutex_);
    return set_;
  }
  void Serve(std::shared_ptr<const domain::ResourceSet> set) {
    const MutexLock lock(mutex_);
    set_ = std::move(set);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const domain::ResourceSet> set_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::edge::call
