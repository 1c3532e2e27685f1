#pragma once

#include <map>
#include <string>

#include "libs/base/mutex.h"
#include "services/authn/assertions/used_assertions.h"

namespace countersign::authn::testing {

// The in-memory fake. Thread-safe.
class MemoryUsedAssertions final : public assertions::UsedAssertions {
 public:
  absl::Status Use(const std::string& issuer, const std::string& id, absl::Time now,
                   absl::Time keep_until) override {
    const MutexLock lock(mutex_);
    if (!failure.ok()) return failure;
    std::erase_if(marks_, [&](const auto& mark) { return mark.second.keep_until < now; });
    const bool added =
        marks_.emplace(assertions::AssertionDigest(issuer, id), Mark{now, keep_until}).second;
    return added ? absl::OkStatus() : absl::AlreadyExistsError("the assertion was used");
  }

  absl::StatusOr<absl::Time> FindUse(const std::string& issuer, const std::string& id) override {
    const MutexLock lock(mutex_);
    if (!failure.ok()) return failure;
    const auto found = marks_.find(assertions::AssertionDigest(issuer, id));
    return found == marks_.end() ? absl::InfiniteFuture() : found->second.used_at;
  }

  absl::Status failure;  // answers every call; set it while no call runs

 private:
  struct Mark {
    absl::Time used_at;
    absl::Time keep_until;
  };
  Mutex mutex_;
  std::map<std::string, Mark> marks_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::testing
