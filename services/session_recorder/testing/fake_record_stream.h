#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libs/base/mutex.h"
#include "services/session_recorder/api/record_conversation.h"

namespace countersign::session_recorder::api {

// The client side of a RecordConversation without a network: keeps all calls and messages.
// Thread-safe.
class FakeRecordStream final : public RecordStream {
 public:
  // The conversation that uses this stream. Must be set before it starts.
  void Attach(const RecordConversation& conversation) { conversation_ = &conversation; }

  void Read() override {
    const MutexLock lock(mutex_);
    ++reads_;
  }
  void Write() override {
    const MutexLock lock(mutex_);
    written_.push_back(*conversation_->outgoing());
  }
  void Finish(const absl::Status& status) override {
    const MutexLock lock(mutex_);
    ++finishes_;
    finished_ = status;
  }

  std::size_t reads() const {
    const MutexLock lock(mutex_);
    return reads_;
  }
  std::vector<recorder::v1::RecordResponse> written() const {
    const MutexLock lock(mutex_);
    return written_;
  }
  // Nothing while the stream is open.
  std::optional<absl::Status> finished() const {
    const MutexLock lock(mutex_);
    return finished_;
  }
  int finishes() const {
    const MutexLock lock(mutex_);
    return finishes_;
  }

 private:
  const RecordConversation* conversation_ = nullptr;
  mutable Mutex mutex_;
  std::size_t reads_ CS_GUARDED_BY(mutex_) = 0;
  std::vector<recorder::v1::RecordResponse> written_ CS_GUARDED_BY(mutex_);
  std::optional<absl::Status> finished_ CS_GUARDED_BY(mutex_);
  int finishes_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::session_recorder::api
