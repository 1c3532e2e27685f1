#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// A part that keeps the messages sent to it. The test answers for it.
class FakeRemotePart final : public RemotePart {
 public:
  explicit FakeRemotePart(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  void SendDraft(std::uint64_t draft_id,
                 std::shared_ptr<const domain::ResourceList> draft) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    drafts_.emplace_back(draft_id, std::move(draft));
    changed_.notify_all();
  }
  void SendCommitted(std::shared_ptr<const domain::ResourceList> list) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    committed_.push_back(std::move(list));
    changed_.notify_all();
  }
  void Close() override {}

  // Waits for the `count`th draft or committed version.
  std::pair<std::uint64_t, std::shared_ptr<const domain::ResourceList>> Draft(
      std::size_t count = 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return drafts_.size() >= count; });
    return drafts_[count - 1];
  }
  std::shared_ptr<const domain::ResourceList> Committed(std::size_t count = 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return committed_.size() >= count; });
    return committed_[count - 1];
  }
  std::size_t committed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return committed_.size();
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::uint64_t, std::shared_ptr<const domain::ResourceList>>> drafts_;
  std::vector<std::shared_ptr<const domain::ResourceList>> committed_;
};

}  // namespace countersign::policy::resources
