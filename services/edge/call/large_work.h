#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "libs/async/pending_reply.h"
#include "libs/base/thread_pool.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::call {

// Bodies up to this size are parsed on the network thread.
inline constexpr std::size_t kMostInlineBytes = 64u << 10;

// Runs `work`, which processes `bytes` of a body and returns an absl::StatusOr, off the network
// thread if it would delay other calls. `work` must own its data: it may still run after the call
// was cancelled. RESOURCE_EXHAUSTED when too many bodies are waiting; if the call is cancelled, the
// cancellation's cause.
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
