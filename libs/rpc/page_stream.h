#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/status.h"

// Methods that stream what is read from a store, page by page, and then wait for more.
namespace countersign::rpc {

// The streams that a service has open, in all and of each caller. Thread-safe; must outlive them.
class StreamSlots {
 public:
  StreamSlots(int most, int most_each) : most_(most), most_each_(most_each) {}
  // False when all are taken. Release each that was taken.
  bool Take() {
    if (++taken_ <= most_) return true;
    --taken_;
    return false;
  }
  void Release() { --taken_; }

  // Counts a stream for its caller until it is destroyed, so that one caller cannot take all.
  using CallerSlot = std::shared_ptr<void>;
  // RESOURCE_EXHAUSTED `overloaded` when the caller has too many streams open.
  absl::StatusOr<CallerSlot> TakeFor(const std::string& caller) {
    const MutexLock lock(mutex_);
    int& taken = taken_by_caller_[caller];
    if (taken >= most_each_) {
      return WithReason(absl::ResourceExhaustedError("too many of your streams are open; end some"),
                        "overloaded");
    }
    ++taken;
    return CallerSlot(this, [this, caller](void*) { ReleaseFor(caller); });
  }

  // The process stops: every stream ends with UNAVAILABLE when it would wait or write next, so that
  // its caller resumes it elsewhere.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }

 private:
  void ReleaseFor(const std::string& caller) {
    const MutexLock lock(mutex_);
    const auto at = taken_by_caller_.find(caller);
    if (--at->second == 0) taken_by_caller_.erase(at);
  }

  const int most_;
  const int most_each_;
  std::atomic<int> taken_{0};
  std::atomic<bool> closed_{false};
  Mutex mutex_;
  std::map<std::string, int> taken_by_caller_ CS_GUARDED_BY(mutex_);
};

template <typename Response>
struct StreamPage {
  std::vector<Response> responses;
  bool more = false;   // there is more to read at once
  bool ended = false;  // nothing will follow
};

// Where and how often a stream reads.
struct StreamTerms {
  ThreadPool& pool;
  StreamSlots& slots;
  absl::Duration interval = absl::Seconds(1);  // until the next page, when there is no more
};

// Reads the next page; may block.
template <typename Response>
using ReadPage = absl::AnyInvocable<absl::StatusOr<StreamPage<Response>>()>;

// Deletes itself when gRPC has finished with it. One step runs at a time: reading on the pool,
// writing, or waiting; a cancelled call ends with its current step, and ends waiting at once.
template <typename Response>
class PageStream final : public grpc::ServerWriteReactor<Response> {
 public:
  PageStream(StreamTerms terms, grpc::CallbackServerContext& context, ReadPage<Response> read)
      : terms_(terms), context_(context), read_(std::move(read)) {
    has_slot_ = terms_.slots.Take();
    if (has_slot_) {
      Read();
    } else {
      this->Finish(ToGrpc(WithReason(
          absl::ResourceExhaustedError("too many streams are open; try again"), "overloaded")));
    }
  }
  ~PageStream() override {
    if (has_slot_) terms_.slots.Release();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return FinishCancelled();
    WriteNext();
  }

  void OnCancel() override {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    if (alarm_ != nullptr) alarm_->Cancel();
  }

  void OnDone() override { delete this; }

 private:
  void Read() {
    // With a full pool it is tried again later.
    if (!terms_.pool.TrySubmit([this] { OnPage(read_()); })) Wait();
  }

  void OnPage(absl::StatusOr<StreamPage<Response>> page) {
    if (!page.ok()) return this->Finish(ToGrpc(page.status()));
    page_ = *std::move(page);
    written_ = 0;
    WriteNext();
  }

  void WriteNext() {
    if (context_.IsCancelled()) return FinishCancelled();
    if (terms_.slots.closed()) {
      return this->Finish(ToGrpc(WithReason(
          absl::UnavailableError("the service is stopping; resume the stream"), "unavailable")));
    }
    if (written_ < page_.responses.size()) {
      return this->StartWrite(&page_.responses[written_++]);
    }
    if (page_.ended) return this->Finish(grpc::Status::OK);
    if (page_.more) return Read();
    Wait();
  }

  void Wait() {
    MutexLock lock(mutex_);
    if (cancelled_) {
      lock.Unlock();
      return FinishCancelled();
    }
    alarm_ = std::make_unique<grpc::Alarm>();
    const auto due = absl::ToChronoTime(SystemClock().Now() + terms_.interval);
    alarm_->Set(due, [this](bool fired) {
      if (!fired) return FinishCancelled();
      Read();
    });
  }

  void FinishCancelled() {
    this->Finish(ToGrpc(absl::CancelledError("the caller no longer waits")));
  }

  const StreamTerms terms_;
  grpc::CallbackServerContext& context_;
  ReadPage<Response> read_;
  bool has_slot_ = false;
  StreamPage<Response> page_;
  std::size_t written_ = 0;
  Mutex mutex_;
  bool cancelled_ CS_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Alarm> alarm_ CS_GUARDED_BY(mutex_);
};

// Answers a call with the pages of `read`, until one has ended, fails, or the call is cancelled or
// past its deadline. RESOURCE_EXHAUSTED `overloaded` without a free slot.
template <typename Response>
grpc::ServerWriteReactor<Response>* StreamPages(const StreamTerms& terms,
                                                grpc::CallbackServerContext* context,
                                                ReadPage<Response> read) {
  return new PageStream<Response>(terms, *context, std::move(read));
}

}  // namespace countersign::rpc
