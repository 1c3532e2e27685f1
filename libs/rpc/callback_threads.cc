#include "libs/rpc/callback_threads.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

namespace countersign::rpc {
namespace {

// A server without an address keeps the threads alive.
grpc::Server* StartIdleServer() {
  static auto* const service = new grpc::CallbackGenericService;
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(service);
  return builder.BuildAndStart().release();
}

}  // namespace

void KeepCallbackThreads() {
  // Never destroyed, but reachable, so that it does not count as a leak.
  static const grpc::Server* const kept = StartIdleServer();
  static_cast<void>(kept);
}

}  // namespace countersign::rpc
