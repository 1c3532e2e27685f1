#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "libs/async/pending_reply.h"
#include "libs/base/thread_pool.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::call {

// Up to this many bytes a network thread reads a body itself.
inline constexpr std::size_t kMostInlineBytes = 64u << 10;

// Runs `work`, which goes through `bytes` of a body and returns an absl::StatusOr, away from the
// network thread when that would keep other calls waiting. `work` owns what it uses: it may still
// run when the call has been cancelled. RESOURCE_EXHAUSTED when too many bodies wait already, or
// why the call was cancelled.
template <typename Work>
async::Awaitable<std::invoke_result_t<Work&>> RunLargeWork(const CallContext& context,
                                                           std::size_t bytes, Work work) {
  using Result = std::invoke_result_t<Work&>;
  if (bytes <= kMostInlineBytes) co_return work();
  async::PendingReply<Result> reply(context.executor);
  const bool accepted = context.services.body_pool.TrySubmit(
      [work = std::move(work), done = reply.done()]() mutable { done(work()); });
  if (!accepted) co_return absl::ResourceExhaustedError("too many large bodies wait to be read");
  co_return co_await reply.Get(context.cancellation);
}

}  // namespace countersign::edge::call
