#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

// Locks that the compiler checks. A member that a mutex protects says so, and so does a function
// that must be called with the mutex held or free; Clang then refuses code that does not keep to it
// (`scripts/test --preset clang`, which builds with -Wthread-safety). Other compilers see plain
// std::mutex and std::condition_variable, which sanitizers know.
//
//   class Queue {
//    public:
//     void Push(Item item) CS_EXCLUDES(mutex_);
//    private:
//     void DropOldest() CS_REQUIRES(mutex_);
//     Mutex mutex_;
//     std::deque<Item> items_ CS_GUARDED_BY(mutex_);
//   };
//
// The analysis looks at one function at a time and a lambda is a function of its own: a lambda that
// touches guarded members is annotated too, `[this]() CS_REQUIRES(mutex_) { return !items_.empty();
// }`.
#if defined(__clang__)
#define CS_THREAD_ANNOTATION_(x) __attribute__((x))
#else
#define CS_THREAD_ANNOTATION_(x)
#endif

// On a member: read and written with the mutex held.
#define CS_GUARDED_BY(x) CS_THREAD_ANNOTATION_(guarded_by(x))
// On a pointer: what it points to is guarded, the pointer is not.
#define CS_PT_GUARDED_BY(x) CS_THREAD_ANNOTATION_(pt_guarded_by(x))
// On a function: the caller holds the mutexes.
#define CS_REQUIRES(...) CS_THREAD_ANNOTATION_(requires_capability(__VA_ARGS__))
// On a function: the caller does not hold the mutexes; the function takes them itself.
#define CS_EXCLUDES(...) CS_THREAD_ANNOTATION_(locks_excluded(__VA_ARGS__))
// On a function: it takes, or gives back, the mutexes (without arguments: the object itself).
#define CS_ACQUIRE(...) CS_THREAD_ANNOTATION_(acquire_capability(__VA_ARGS__))
#define CS_RELEASE(...) CS_THREAD_ANNOTATION_(release_capability(__VA_ARGS__))
// On a mutex: it is taken before, or after, the others when both are held.
#define CS_ACQUIRED_BEFORE(...) CS_THREAD_ANNOTATION_(acquired_before(__VA_ARGS__))
#define CS_ACQUIRED_AFTER(...) CS_THREAD_ANNOTATION_(acquired_after(__VA_ARGS__))
// On a function that returns a reference to a mutex.
#define CS_RETURN_CAPABILITY(x) CS_THREAD_ANNOTATION_(lock_returned(x))
// On a function whose locking the analysis cannot follow. A comment beside it says why it is right.
#define CS_NO_THREAD_SAFETY_ANALYSIS CS_THREAD_ANNOTATION_(no_thread_safety_analysis)

namespace countersign {

// A std::mutex with annotations. Prefer MutexLock to Lock and Unlock.
class CS_THREAD_ANNOTATION_(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() CS_ACQUIRE() { mutex_.lock(); }
  void Unlock() CS_RELEASE() { mutex_.unlock(); }

  // Tells the analysis that the calling thread holds the mutex where it cannot know. Checks
  // nothing.
  void AssertHeld() const CS_THREAD_ANNOTATION_(assert_capability(this)) {}

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex from here to the end of the scope.
class CS_THREAD_ANNOTATION_(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CS_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() CS_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Gives the mutex back before the end of the scope, for instance to call what may take it, and
  // takes it again. REQUIRES: Unlock while held, Lock while not.
  void Unlock() CS_RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  void Lock() CS_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// Waits for a change of what a mutex guards. The mutex is given back while waiting and held again
// on return. Waits may wake without cause, so the condition is looked at in a loop: the forms with
// a predicate do that.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mutex) CS_REQUIRES(mutex);

  // Returns when `predicate` is true; it is called with the mutex held.
  template <typename Predicate>
  void Wait(Mutex& mutex, Predicate predicate) CS_REQUIRES(mutex);

  // The same, for no longer than `timeout`. Returns what `predicate` gave last: false means that
  // time ran out.
  template <typename Predicate>
  bool WaitFor(Mutex& mutex, absl::Duration timeout, Predicate predicate) CS_REQUIRES(mutex);

  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

// The bodies hand the held mutex to the standard library and take it back, which the analysis
// cannot follow; and the predicate's annotation names the mutex by the caller's name for it.

inline void CondVar::Wait(Mutex& mutex) CS_NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  changed_.wait(lock);
  lock.release();
}

template <typename Predicate>
void CondVar::Wait(Mutex& mutex, Predicate predicate) CS_NO_THREAD_SAFETY_ANALYSIS {
  while (!predicate()) Wait(mutex);
}

template <typename Predicate>
bool CondVar::WaitFor(Mutex& mutex, absl::Duration timeout,
                      Predicate predicate) CS_NO_THREAD_SAFETY_ANALYSIS {
  // Bounded, because the standard library adds it to the present time, which overflows for an
  // infinite one.
  timeout = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(24 * 365));
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  while (!predicate()) {
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) break;
  }
  lock.release();
  return predicate();
}

}  // namespace countersign
