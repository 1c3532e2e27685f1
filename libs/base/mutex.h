#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

// Locks checked by the compiler. Members are annotated with the mutex that guards them, and
// functions with the mutexes that must be held or free; Clang refuses code that violates this
// (`scripts/test --preset clang`, which builds with -Wthread-safety). For other compilers these are
// plain std::mutex and std::condition_variable, which sanitizers understand.
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
// The analysis treats a lambda as a separate function, so a lambda that uses guarded members is
// annotated, too: `[this]() CS_REQUIRES(mutex_) { return !items_.empty(); }`.
#if defined(__clang__)
#define CS_THREAD_ANNOTATION_(x) __attribute__((x))
#else
#define CS_THREAD_ANNOTATION_(x)
#endif

// On a member: read and written with the mutex held.
#define CS_GUARDED_BY(x) CS_THREAD_ANNOTATION_(guarded_by(x))
// On a pointer: what it points to is guarded, the pointer is not.
#define CS_PT_GUARDED_BY(x) CS_THREAD_ANNOTATION_(pt_guarded_by(x))
// On a function: the caller must hold the mutexes.
#define CS_REQUIRES(...) CS_THREAD_ANNOTATION_(requires_capability(__VA_ARGS__))
// On a function: the caller must not hold the mutexes; the function locks them.
#define CS_EXCLUDES(...) CS_THREAD_ANNOTATION_(locks_excluded(__VA_ARGS__))
// On a function: it locks, or unlocks, the mutexes (without arguments: the object itself).
#define CS_ACQUIRE(...) CS_THREAD_ANNOTATION_(acquire_capability(__VA_ARGS__))
#define CS_RELEASE(...) CS_THREAD_ANNOTATION_(release_capability(__VA_ARGS__))
// On a mutex: it is locked before, or after, the others when both are held.
#define CS_ACQUIRED_BEFORE(...) CS_THREAD_ANNOTATION_(acquired_before(__VA_ARGS__))
#define CS_ACQUIRED_AFTER(...) CS_THREAD_ANNOTATION_(acquired_after(__VA_ARGS__))
// On a function that returns a reference to a mutex.
#define CS_RETURN_CAPABILITY(x) CS_THREAD_ANNOTATION_(lock_returned(x))
// On a function whose locking the analysis cannot follow; a comment there explains why it is
// correct.
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

  // Tells the analysis that the calling thread holds the mutex. Checks nothing at run time.
  void AssertHeld() const CS_THREAD_ANNOTATION_(assert_capability(this)) {}

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex until the end of the scope.
class CS_THREAD_ANNOTATION_(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CS_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() CS_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Unlocks the mutex before the end of the scope, for example around a callback that may lock it;
  // Lock locks it again. REQUIRES: Unlock while held, Lock while not.
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

// A condition variable. The mutex is released while waiting and held again on return. Waits may
// return spuriously; the forms with a predicate handle that.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mutex) CS_REQUIRES(mutex);

  // Returns when `predicate` is true; it is called with the mutex held.
  template <typename Predicate>
  void Wait(Mutex& mutex, Predicate predicate) CS_REQUIRES(mutex);

  // As above, for at most `timeout`. Returns the last value of `predicate`: false means timeout.
  template <typename Predicate>
  bool WaitFor(Mutex& mutex, absl::Duration timeout, Predicate predicate) CS_REQUIRES(mutex);

  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

// These bodies pass the held mutex to the standard library and back, which the analysis cannot
// follow; the predicate's annotation names the mutex by the caller's name for it.

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
  // Bounded, because the standard library adds it to the current time, which overflows for an
  // infinite timeout.
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
