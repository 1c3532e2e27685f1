#include "services/authn/revocation/revocation_stream_grpc.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "libs/base/mutex.h"

namespace countersign::authn::revocation {
namespace {

using Stream = grpc::ServerBidiReactor<v1::WatchRevocationsRequest, v1::WatchRevocationsResponse>;

// The messages still to be written. Waiting revocations are merged: the newest sequence covers the
// others.
class Outbox {
 public:
  explicit Outbox(Stream& stream) : stream_(&stream) {}

  void Revoke(std::uint64_t sequence) {
    const MutexLock lock(mutex_);
    revoked_ = sequence;
    WriteNext();
  }
  void Heartbeat() {
    const MutexLock lock(mutex_);
    heartbeat_ = true;
    WriteNext();
  }
  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) stream_ = nullptr;
    WriteNext();
  }
  // After this the stream is not used.
  void Close() {
    const MutexLock lock(mutex_);
    stream_ = nullptr;
  }

 private:
  void WriteNext() CS_REQUIRES(mutex_) {
    if (stream_ == nullptr || writing_ || (revoked_ == 0 && !heartbeat_)) return;
    message_.Clear();
    message_.set_heartbeat(revoked_ == 0);
    message_.set_everything(revoked_ != 0);
    message_.set_sequence(revoked_);
    revoked_ = 0;
    heartbeat_ = false;
    writing_ = true;
    stream_->StartWrite(&message_);
  }

  Mutex mutex_;
  Stream* stream_ CS_GUARDED_BY(mutex_);
  std::uint64_t revoked_ CS_GUARDED_BY(mutex_) = 0;  // 0: none is waiting
  bool heartbeat_ CS_GUARDED_BY(mutex_) = false;
  bool writing_ CS_GUARDED_BY(mutex_) = false;
  v1::WatchRevocationsResponse message_ CS_GUARDED_BY(mutex_);  // stays until OnWritten
};

class RevocationStream final : public Stream {
 public:
  RevocationStream(RevocationFeed& feed, absl::Duration heartbeat)
      : heartbeat_(heartbeat), outbox_(std::make_shared<Outbox>(*this)) {
    subscription_ =
        feed.Subscribe([outbox = outbox_](std::uint64_t sequence) { outbox->Revoke(sequence); });
    outbox_->Heartbeat();  // The client learns at once that the stream is alive.
    {
      const MutexLock lock(mutex_);  // the alarm may ring before the constructor has returned
      SetAlarm();
    }
    StartRead(&ack_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End();
    subscription_->Acknowledge(ack_.sequence());
    StartRead(&ack_);
  }
  void OnWriteDone(bool ok) override { outbox_->OnWritten(ok); }
  void OnDone() override { Release(); }

 private:
  // Uses a new alarm each time: an alarm must not be set again from its own callback.
  void SetAlarm() CS_REQUIRES(mutex_) {
    alarm_ = std::make_unique<grpc::Alarm>();
    const gpr_timespec beat =
        gpr_time_from_millis(absl::ToInt64Milliseconds(heartbeat_), GPR_TIMESPAN);
    alarm_->Set(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), beat), [this](bool rang) {
      if (rang && Beat()) return;
      Release();
    });
  }
  // False when the stream is over.
  bool Beat() {
    const MutexLock lock(mutex_);
    if (ended_) return false;
    outbox_->Heartbeat();
    SetAlarm();
    return true;
  }
  void End() {
    subscription_.reset();
    outbox_->Close();
    {
      const MutexLock lock(mutex_);
      ended_ = true;
      alarm_->Cancel();
    }
    Finish(grpc::Status::OK);
  }
  // Shared by the alarm and the call; the second one to finish deletes the object.
  void Release() {
    bool last = false;
    {
      const MutexLock lock(mutex_);
      last = released_;
      released_ = true;
    }
    if (last) delete this;
  }

  const absl::Duration heartbeat_;
  const std::shared_ptr<Outbox> outbox_;
  std::unique_ptr<RevocationFeed::Subscription> subscription_;
  v1::WatchRevocationsRequest ack_;
  Mutex mutex_;
  std::unique_ptr<grpc::Alarm> alarm_ CS_GUARDED_BY(mutex_);
  bool ended_ CS_GUARDED_BY(mutex_) = false;
  bool released_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace

Stream* NewRevocationStream(RevocationFeed& feed, absl::Duration heartbeat) {
  return new RevocationStream(feed, heartbeat);
}

}  // namespace countersign::authn::revocation
