#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/thread_pool.h"

// The forms of a unary RPC method. Bodies are lambdas `absl::Status()` that fill the response:
//   return rpc::FinishInline(context, [&]() -> absl::Status { … });
//   return rpc::FinishOn(pool, context, [=]() -> absl::Status { … });
//   return rpc::FinishLater(context, [=](rpc::Finisher finish) { … });
namespace countersign::rpc {

// CPU only, on the calling thread.
grpc::ServerUnaryReactor* FinishInline(grpc::CallbackServerContext* context,
                                       absl::AnyInvocable<absl::Status()> body);

// May block. A full queue answers RESOURCE_EXHAUSTED with reason `overloaded`. A call that was
// cancelled or ran out of time while queued is not run. `request` and `response` of the method
// outlive the body: gRPC keeps them until the call is finished.
grpc::ServerUnaryReactor* FinishOn(ThreadPool& pool, grpc::CallbackServerContext* context,
                                   absl::AnyInvocable<absl::Status()> body);

// For an answer that comes from a callback, which calls the Finisher once, on any thread. A
// Finisher that is destroyed without a call answers INTERNAL, so that no caller waits for ever.
using Finisher = absl::AnyInvocable<void(absl::Status)>;
grpc::ServerUnaryReactor* FinishLater(grpc::CallbackServerContext* context,
                                      absl::AnyInvocable<void(Finisher)> start);

// When the caller stops waiting: hand it on to whatever the method calls. InfiniteFuture when the
// call has no deadline.
absl::Time GetDeadline(const grpc::ServerContextBase& context);

}  // namespace countersign::rpc
