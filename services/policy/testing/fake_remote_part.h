#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// For tests of this folder: a part that notes what it is sent. The test answers for it.
class FakeRemotePart final : public RemotePart {
 public:
  explicit FakeRemotePart(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  void SendDraft(std::uint64_t draft_id, std::shared_ptr<const StoredSet> draft) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    drafts_.emplace_back(draft_id, std::move(draft));
    changed_.notify_all();
  }
  void SendSnapshot(std::shared_ptr<const StoredSet> set) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    snapshots_.push_back(std::move(set));
    changed_.notify_all();
  }
  void Close() override {}

  // Waits for the `count`th draft or snapshot.
  std::pair<std::uint64_t, std::shared_ptr<const StoredSet>> Draft(std::size_t count = 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return drafts_.size() >= count; });
    return drafts_[count - 1];
  }
  std::shared_ptr<const StoredSet> Snapshot(std::size_t count = 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return snapshots_.size() >= count; });
    return snapshots_[count - 1];
  }
  std::size_t snapshots() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return snapshots_.size();
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::uint64_t, std::shared_ptr<const StoredSet>>> drafts_;
  std::vector<std::shared_ptr<const StoredSet>> snapshots_;
};

}  // namespace countersign::policy::resources
