#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/policy_decider.h"
#include "services/policy/rules/snapshot_holder.h"

namespace countersign::policy::rules {

// Decides with the current snapshot. Prompts of ordinary size are decided on the calling thread (in
// microseconds); those with more than `kInlineBytes` of text on `pool`, so that counting the tokens
// of a megabyte does not block a network thread. RESOURCE_EXHAUSTED when the pool's queue is full,
// UNAVAILABLE before the first snapshot. Thread-safe.
class LocalPolicyDecider final : public domain::PolicyDecider {
 public:
  static constexpr std::size_t kInlineBytes = 64 << 10;

  // Called with every decision before its caller gets it, but not for a verdict that only repeats
  // the one that the call got before.
  using Observer = std::function<void(const domain::Decision&)>;

  LocalPolicyDecider(const SnapshotHolder& snapshots, ThreadPool& pool, const Clock& clock,
                     Observer observer);

  void Decide(const domain::Call& call, domain::DecisionRequest request, absl::Time deadline,
              domain::Done<domain::Decision> done) override;

 private:
  absl::StatusOr<domain::Decision> DecideNow(const domain::Principal& principal,
                                             const domain::DecisionRequest& request) const;

  const SnapshotHolder& snapshots_;
  ThreadPool& pool_;
  const Clock& clock_;
  const Observer observer_;
};

}  // namespace countersign::policy::rules
