#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// A part that keeps the messages sent to it. The test answers for it.
class FakeRemotePart final : public RemotePart {
 public:
  explicit FakeRemotePart(std::string name, std::string release = "")
      : name_(std::move(name)), release_(std::move(release)) {}

  const std::string& name() const override { return name_; }
  const std::string& release() const override { return release_; }
  void SendDraft(std::uint64_t draft_id,
                 std::shared_ptr<const domain::ResourceList> draft) override {
    const MutexLock lock(mutex_);
    drafts_.emplace_back(draft_id, std::move(draft));
    changed_.NotifyAll();
  }
  void SendCommitted(std::shared_ptr<const domain::ResourceList> list) override {
    const MutexLock lock(mutex_);
    committed_.push_back(std::move(list));
    changed_.NotifyAll();
  }
  void Close() override {}

  // Waits for the `count`th draft or committed version.
  std::pair<std::uint64_t, std::shared_ptr<const domain::ResourceList>> Draft(
      std::size_t count = 1) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [&]() CS_REQUIRES(mutex_) { return drafts_.size() >= count; });
    return drafts_[count - 1];
  }
  std::shared_ptr<const domain::ResourceList> Committed(std::size_t count = 1) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [&]() CS_REQUIRES(mutex_) { return committed_.size() >= count; });
    return committed_[count - 1];
  }
  std::size_t committed() {
    const MutexLock lock(mutex_);
    return committed_.size();
  }

 private:
  const std::string name_;
  const std::string release_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::pair<std::uint64_t, std::shared_ptr<const domain::ResourceList>>> drafts_
      CS_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const domain::ResourceList>> committed_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::policy::resources
