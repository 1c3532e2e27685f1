#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "libs/base/mutex.h"
#include "services/session_recorder/live/live_sessions.h"

namespace countersign::session_recorder::api {

// The gRPC side of a conversation. Called under the conversation's lock: must not call back.
class RecordStream {
 public:
  virtual ~RecordStream() = default;
  virtual void Read() = 0;   // reads the next request; OnRequest or OnHalfClose follows
  virtual void Write() = 0;  // writes `outgoing`; OnWritten follows
  virtual void Finish(const absl::Status& status) = 0;  // the last call
};

// The protocol of one session's stream. Requests are passed to LiveSessions as they arrive, at most
// kOutstanding at a time, and answered in order. When the stream ends without an end of the
// session, the session is abandoned. Thread-safe.
class RecordConversation final : public std::enable_shared_from_this<RecordConversation> {
 public:
  static constexpr std::size_t kOutstanding = 64;

  RecordConversation(live::LiveSessions& sessions,
                     std::shared_ptr<const domain::Principal> principal, RecordStream& sink)
      : sessions_(sessions), principal_(std::move(principal)), sink_(sink) {}

  void Start();
  void OnRequest(const recorder::v1::RecordRequest& request);
  void OnHalfClose();  // no more requests
  void OnWritten();
  void OnCancelled();  // answers can no longer be delivered

  const recorder::v1::RecordResponse* outgoing() const { return &outgoing_; }

 private:
  using Answer = absl::StatusOr<std::uint32_t>;  // last index
  struct Slot {
    std::optional<Answer> answer;
    bool killed = false;
  };

  void HandOver(const recorder::v1::RecordRequest& request, bool first, std::shared_ptr<Slot> slot);
  live::LiveSessions::Handle NewSession(const recorder::v1::SessionStart& start);
  void Fill(const std::shared_ptr<Slot>& slot, Answer answer);
  void PumpLocked() CS_REQUIRES(mutex_);
  void FinishLocked(const absl::Status& status) CS_REQUIRES(mutex_);
  void AbandonIfOpen();

  live::LiveSessions& sessions_;
  const std::shared_ptr<const domain::Principal> principal_;
  RecordStream& sink_;

  Mutex mutex_;
  std::deque<std::shared_ptr<Slot>> slots_ CS_GUARDED_BY(mutex_);
  live::LiveSessions::Handle session_;
  recorder::v1::RecordResponse outgoing_;  // unchanged while it is being written
  std::uint32_t last_index_ CS_GUARDED_BY(mutex_) = 0;
  bool started_ CS_GUARDED_BY(mutex_) = false;  // the first request has arrived
  bool reading_ CS_GUARDED_BY(mutex_) = false;
  bool writing_ CS_GUARDED_BY(mutex_) = false;
  bool silent_ CS_GUARDED_BY(mutex_) = false;
  bool ended_ CS_GUARDED_BY(mutex_) = false;  // an end was passed to LiveSessions
  bool finished_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace countersign::session_recorder::api
