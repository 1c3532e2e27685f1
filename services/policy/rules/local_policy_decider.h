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

// Decides from the current snapshot. Prompts of ordinary size are decided on the calling thread
// (some microseconds); those with more than `kInlineBytes` of text go to `pool`, so that counting
// the tokens of a megabyte never holds up a network thread. A full pool is RESOURCE_EXHAUSTED, no
// snapshot yet is UNAVAILABLE. Thread-safe.
class LocalPolicyDecider final : public domain::PolicyDecider {
 public:
  static constexpr std::size_t kInlineBytes = 64 << 10;

  // Told of every decision that was made, before its caller is.
  using Observer = std::function<void(const domain::Decision&)>;

  LocalPolicyDecider(const SnapshotHolder& snapshots, ThreadPool& pool, const Clock& clock,
                     Observer observer);

  void Decide(const domain::Call& call, const std::string& connection,
              std::shared_ptr<const domain::Prompt> prompt, absl::Time deadline,
              domain::Done<domain::Decision> done) override;

 private:
  absl::StatusOr<domain::Decision> DecideNow(const domain::Principal& principal,
                                             const std::string& connection,
                                             const domain::Prompt& prompt) const;

  const SnapshotHolder& snapshots_;
  ThreadPool& pool_;
  const Clock& clock_;
  const Observer observer_;
};

}  // namespace countersign::policy::rules
