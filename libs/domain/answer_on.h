#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/call.h"

// Runs the work of a port's call on a thread pool.
namespace countersign::domain {

// Runs `work(done)` on `pool`; `work` must ensure that `done` is called once. When the pool's queue
// is full, `work` does not run, and `done` gets `refusal` on the calling thread.
template <typename T, typename Work>
void ContinueOn(ThreadPool& pool, Done<T> done, Work work, absl::Status refusal) {
  // Shared with the queue, because a refused submission destroys its argument.
  auto shared = std::make_shared<Done<T>>(std::move(done));
  const bool accepted =
      pool.TrySubmit([shared, work = std::move(work)]() mutable { work(std::move(*shared)); });
  if (!accepted) (*shared)(std::move(refusal));
}

// Runs `work()` on `pool` and passes its result to `done`; otherwise as ContinueOn.
template <typename T, typename Work>
void AnswerOn(ThreadPool& pool, Done<T> done, Work work, absl::Status refusal) {
  ContinueOn<T>(
      pool, std::move(done), [work = std::move(work)](Done<T> answer) mutable { answer(work()); },
      std::move(refusal));
}

}  // namespace countersign::domain
