#pragma once

// The forms of a unary RPC method. Bodies are lambdas `absl::Status()` that fill the response.
//   return rpc::FinishInline(context, [&]() -> absl::Status { … });        CPU only, on the calling
//   thread return rpc::FinishOn(pool, context, [=]() -> absl::Status { … });      may block; full
//   queue: RESOURCE_EXHAUSTED
// A method whose answer comes from a callback uses FinishLater and calls the Finisher exactly once.

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "libs/base/thread_pool.h"

namespace countersign::rpc {

grpc::ServerUnaryReactor* FinishInline(grpc::CallbackServerContext* context,
                                       absl::AnyInvocable<absl::Status()> body);

// `request` and `response` of the method outlive the body: gRPC keeps them until the call is
// finished.
grpc::ServerUnaryReactor* FinishOn(ThreadPool& pool, grpc::CallbackServerContext* context,
                                   absl::AnyInvocable<absl::Status()> body);

using Finisher = absl::AnyInvocable<void(absl::Status)>;
grpc::ServerUnaryReactor* FinishLater(grpc::CallbackServerContext* context,
                                      absl::AnyInvocable<void(Finisher)> start);

}  // namespace countersign::rpc
