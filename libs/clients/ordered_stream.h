#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "libs/rpc/callback_threads.h"
#include "libs/rpc/status.h"

namespace countersign::clients {

// A bidirectional stream on which every request gets exactly one response, in order. Requests may
// be sent before earlier ones were answered. When the stream ends, or a request is not answered by
// its deadline, all outstanding and later requests get the error. Thread-safe. Keeps itself alive
// until gRPC has finished with it.
template <typename Request, typename Response>
class OrderedStream final : public grpc::ClientBidiReactor<Request, Response>,
                            public std::enable_shared_from_this<OrderedStream<Request, Response>> {
 public:
  using Done = domain::Done<Response>;
  // A method of a stub's async interface: (context, reactor).
  using Start = std::function<void(grpc::ClientContext*, OrderedStream*)>;

  static std::shared_ptr<OrderedStream> Open(const std::function<void(grpc::ClientContext&)>& setup,
                                             const Start& start) {
    rpc::KeepCallbackThreads();
    auto stream = std::make_shared<OrderedStream>();
    setup(stream->context_);
    stream->context_.set_initial_metadata_corked(true);  // Sent with the first request.
    stream->self_ = stream;
    start(&stream->context_, stream.get());
    stream->AddHold();  // Writes may start outside of reactions until Release.
    stream->StartRead(&stream->response_);
    stream->StartCall();
    return stream;
  }

  void Send(Request request, absl::Time deadline, Done done) {
    MutexLock lock(mutex_);
    if (!ended_.ok()) {
      const absl::Status ended = ended_;
      lock.Unlock();
      done(ended);
      return;
    }
    outstanding_.push_back({deadline, std::move(done)});
    if (released_) return;  // The stream is ending: OnDone answers with its status.
    queue_.push_back(std::move(request));
    ArmLocked(deadline);
    WriteNextLocked();
  }

  // No further requests will be sent; outstanding ones are still answered.
  void HalfClose() {
    const MutexLock lock(mutex_);
    closing_ = true;
    WriteNextLocked();
  }

  // Ends the stream: outstanding and later requests get CANCELLED.
  void Cancel() { Fail(absl::CancelledError("the stream was cancelled")); }

  // Calls `on_end` once when the stream has ended and all outstanding requests were answered; at
  // once if it has ended already. May be set once.
  void OnEnd(domain::DoneStatus on_end) {
    MutexLock lock(mutex_);
    if (!done_) {
      on_end_ = std::move(on_end);
      return;
    }
    const absl::Status ended = ended_;
    lock.Unlock();
    on_end(ended);
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(mutex_);
    if (!ok) {
      ReleaseLocked();
      return;
    }
    if (outstanding_.empty()) {
      lock.Unlock();
      Fail(absl::InternalError("a response without a request"));
      return;
    }
    Done done = std::move(outstanding_.front().done);
    outstanding_.pop_front();
    Response response = std::move(response_);
    response_.Clear();
    lock.Unlock();
    // The next read starts after this answer was delivered, so answers stay in order.
    done(std::move(response));
    this->StartRead(&response_);
  }

  void OnWriteDone(bool ok) override {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (ok) WriteNextLocked();  // Otherwise OnDone follows with the status.
  }

  void OnDone(const grpc::Status& status) override {
    absl::Status ended = rpc::FromGrpc(status);
    if (ended.ok()) ended = absl::UnavailableError("the stream was ended by the other side");
    MutexLock lock(mutex_);
    if (ended_.ok()) ended_ = std::move(ended);  // The first cause is kept.
    std::deque<Outstanding> outstanding = std::move(outstanding_);
    outstanding_.clear();
    done_ = true;
    alarm_.reset();
    domain::DoneStatus on_end = std::move(on_end_);
    const absl::Status cause = ended_;
    const std::shared_ptr<OrderedStream> self = std::move(self_);  // Released after the lock.
    lock.Unlock();
    for (Outstanding& request : outstanding) request.done(cause);
    if (on_end) on_end(cause);
  }

 private:
  struct Outstanding {
    absl::Time deadline;
    Done done;
  };

  void WriteNextLocked() CS_REQUIRES(mutex_) {
    if (writing_ || released_) return;
    if (!queue_.empty()) {
      current_ = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      this->StartWrite(&current_);
    } else if (closing_ && !closed_) {
      closed_ = true;
      this->StartWritesDone();
      ReleaseLocked();
    }
  }

  void Fail(absl::Status cause) {
    {
      const MutexLock lock(mutex_);
      if (ended_.ok()) ended_ = std::move(cause);
      ReleaseLocked();
    }
    context_.TryCancel();  // OnDone answers outstanding requests.
  }

  // Nothing is started outside of reactions after this, so gRPC may finish the call.
  void ReleaseLocked() CS_REQUIRES(mutex_) {
    if (std::exchange(released_, true)) return;
    this->RemoveHold();
  }

  // Sets the alarm to `due`, unless it is set to an earlier time.
  void ArmLocked(absl::Time due) CS_REQUIRES(mutex_) {
    if (due >= armed_for_ || due == absl::InfiniteFuture()) return;
    armed_for_ = due;
    alarm_ = std::make_unique<grpc::Alarm>();
    std::weak_ptr<OrderedStream> weak = this->weak_from_this();
    alarm_->Set(absl::ToChronoTime(due), [weak](bool fired) {
      const auto stream = weak.lock();
      if (fired && stream != nullptr) stream->OnAlarm();
    });
  }

  void OnAlarm() {
    MutexLock lock(mutex_);
    armed_for_ = absl::InfiniteFuture();
    if (outstanding_.empty()) return;
    absl::Time earliest = absl::InfiniteFuture();
    for (const Outstanding& request : outstanding_) earliest = std::min(earliest, request.deadline);
    if (earliest > SystemClock().Now()) {
      ArmLocked(earliest);
      return;
    }
    lock.Unlock();
    Fail(absl::DeadlineExceededError("no answer before the deadline"));
  }

  grpc::ClientContext context_;
  Request current_;
  Response response_;
  Mutex mutex_;
  std::deque<Request> queue_ CS_GUARDED_BY(mutex_);  // not yet written
  // Not yet answered, in the order they were sent.
  std::deque<Outstanding> outstanding_ CS_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> alarm_ CS_GUARDED_BY(mutex_);
  absl::Time armed_for_ CS_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool writing_ CS_GUARDED_BY(mutex_) = false;
  bool closing_ CS_GUARDED_BY(mutex_) = false;   // HalfClose was called
  bool closed_ CS_GUARDED_BY(mutex_) = false;    // the half-close was sent
  bool released_ CS_GUARDED_BY(mutex_) = false;  // the hold was removed
  bool done_ CS_GUARDED_BY(mutex_) = false;      // OnDone has run
  absl::Status ended_ CS_GUARDED_BY(mutex_);     // why no more requests can be sent
  domain::DoneStatus on_end_ CS_GUARDED_BY(mutex_);
  std::shared_ptr<OrderedStream> self_;  // until OnDone
};

}  // namespace countersign::clients
