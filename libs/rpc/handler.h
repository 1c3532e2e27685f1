#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/thread_pool.h"

// The forms of a unary RPC method. Bodies are lambdas `absl::Status()` that fill in the response:
//   return rpc::FinishInline(context, [&]() -> absl::Status { … });
//   return rpc::FinishOn(pool, context, [=]() -> absl::Status { … });
//   return rpc::FinishLater(context, [=](rpc::Finisher finish) { … });
namespace countersign::rpc {

// CPU only, on the calling thread.
grpc::ServerUnaryReactor* FinishInline(grpc::CallbackServerContext* context,
                                       absl::AnyInvocable<absl::Status()> body);

// Runs the body on `pool`; it may block. RESOURCE_EXHAUSTED `overloaded` when the queue is full.
// The body does not run for a call that was cancelled or timed out while queued. `request` and
// `response` outlive the body: gRPC keeps them until the call is finished.
grpc::ServerUnaryReactor* FinishOn(ThreadPool& pool, grpc::CallbackServerContext* context,
                                   absl::AnyInvocable<absl::Status()> body);

// For methods that are answered from a callback, which calls the Finisher once, on any thread. A
// Finisher that is destroyed uncalled answers INTERNAL, so that no call stays open.
using Finisher = absl::AnyInvocable<void(absl::Status)>;
grpc::ServerUnaryReactor* FinishLater(grpc::CallbackServerContext* context,
                                      absl::AnyInvocable<void(Finisher)> start);

// The call's deadline, to be passed on. InfiniteFuture when it has none.
absl::Time GetDeadline(const grpc::ServerContextBase& context);

}  // namespace countersign::rpc
