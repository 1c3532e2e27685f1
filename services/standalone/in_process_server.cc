#include "services/standalone/in_process_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdlib>
#include <thread>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/log/log.h"
#include "libs/rpc/active_calls.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server_metrics.h"

namespace countersign::standalone {
namespace {

// A server that is being stopped, on a thread of its own that may outlive the object that stops it.
struct Stopping {
  std::unique_ptr<grpc::Server> server;
  Mutex mutex;
  CondVar changed;
  bool ended CS_GUARDED_BY(mutex) = false;

  void Run(absl::Time now) {
    server->Shutdown(absl::ToChronoTime(now));
    server->Wait();
    server.reset();
    const MutexLock lock(mutex);
    ended = true;
    changed.NotifyAll();
  }
  bool Await(absl::Duration timeout) {
    const MutexLock lock(mutex);
    return changed.WaitFor(mutex, timeout, [this]() CS_REQUIRES(mutex) { return ended; });
  }
};

constexpr absl::Duration kUsualStop = absl::Seconds(1);
constexpr absl::Duration kLongestCall = absl::Seconds(20);

}  // namespace

InProcessServer::InProcessServer(const std::vector<grpc::Service*>& services,
                                 metrics::Registry& registry, const Clock& clock)
    : clock_(clock), calls_(std::make_shared<rpc::ActiveCalls>()) {
  grpc::ServerBuilder builder;
  rpc::ApplyServerLimits(builder);
  rpc::ServerInterceptors interceptors = rpc::MeasureCalls(registry, clock);
  interceptors.push_back(calls_->Count());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  for (grpc::Service* service : services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
}

// grpc++ 1.51 loses the end of some calls within a process (two of a thousand, with twenty at a
// time): their status was sent and read, but Shutdown waits for them for ever. So once every call
// has its status the rest of the stop is left to its thread.
InProcessServer::~InProcessServer() {
  const auto stopping = std::make_shared<Stopping>();
  stopping->server = std::move(server_);
  std::thread([stopping, calls = calls_, now = clock_.Now()] { stopping->Run(now); }).detach();
  if (stopping->Await(kUsualStop) || calls_->AwaitNone(kLongestCall)) return;
  // What was answered is on record by now; a database that is left behind is stopped by `down` or
  // the next `up`.
  log::Error("calls within the process do not end; it exits without waiting for them");
  std::_Exit(1);
}

std::shared_ptr<grpc::Channel> InProcessServer::Channel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(rpc::kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(rpc::kMaxMessageBytes);
  return server_->InProcessChannel(arguments);
}

}  // namespace countersign::standalone
