#include "libs/rpc/callback_threads.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>

namespace countersign::rpc {

void KeepCallbackThreads() {
  // A server without an address that is never destroyed: it holds a reference to the threads.
  static const grpc::Server* const kept = [] {
    auto* service = new grpc::CallbackGenericService;
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(service);
    return builder.BuildAndStart().release();
  }();
  (void)kept;
}

}  // namespace countersign::rpc
