#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"

namespace countersign::approval::gate {

// Runs actions at given times on one thread, for any number of held calls. Before Start no thread
// runs: tests call RunDue with the time of their own clock. Actions run one after the other,
// outside the lock, and must not block. Thread-safe. Destruction stops the thread and drops pending
// actions.
class Timers {
 public:
  using Id = std::uint64_t;

  Timers() = default;
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Id At(absl::Time when, absl::AnyInvocable<void()> action);
  // True when the action had not begun; it will not run.
  bool Cancel(Id id);

  // Runs the actions due at `now`, in order of time.
  void RunDue(absl::Time now);
  // Starts the thread that calls RunDue by `clock`, which must outlive this object.
  void Start(const Clock& clock);

 private:
  void Run(const Clock& clock);

  Mutex mutex_;
  CondVar wake_;
  std::map<std::pair<absl::Time, Id>, absl::AnyInvocable<void()>> actions_ CS_GUARDED_BY(mutex_);
  std::map<Id, absl::Time> times_ CS_GUARDED_BY(mutex_);
  Id last_id_ CS_GUARDED_BY(mutex_) = 0;
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// `done`, called once: with the result, or with DEADLINE_EXCEEDED at `deadline`.
template <typename T>
domain::Done<T> WithDeadline(Timers& timers, absl::Time deadline, domain::Done<T> done) {
  struct Shared {
    explicit Shared(domain::Done<T> done) : done(std::move(done)) {}
    Mutex mutex;
    domain::Done<T> done CS_GUARDED_BY(mutex);
    domain::Done<T> Take() {
      const MutexLock lock(mutex);
      return std::exchange(done, nullptr);
    }
  };
  auto shared = std::make_shared<Shared>(std::move(done));
  const Timers::Id timer = timers.At(deadline, [shared] {
    if (auto taken = shared->Take()) taken(absl::DeadlineExceededError("approval took too long"));
  });
  return [shared, timer, &timers](absl::StatusOr<T> answer) {
    timers.Cancel(timer);
    if (auto taken = shared->Take()) taken(std::move(answer));
  };
}

}  // namespace countersign::approval::gate
