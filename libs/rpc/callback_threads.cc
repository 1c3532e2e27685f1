#include "libs/rpc/callback_threads.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <mutex>

namespace countersign::rpc {
namespace {
// Never destroyed, but reachable, so that it does not count as a leak.
std::atomic<grpc::Server*> kept{nullptr};
}  // namespace

void KeepCallbackThreads() {
  static std::once_flag once;
  // A server without an address keeps the threads alive.
  std::call_once(once, [] {
    static auto* const service = new grpc::CallbackGenericService;
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(service);
    kept.store(builder.BuildAndStart().release());
  });
}

}  // namespace countersign::rpc
