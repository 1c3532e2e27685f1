#include "services/standalone/in_process_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdlib>
#include <thread>

#include "libs/base/mutex.h"
#include "libs/log/log.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server_metrics.h"

namespace countersign::standalone {
namespace {

// Ends the process when this object lives for too long. grpc++ 1.51 waits without a limit for calls
// that it has cancelled, and was seen to wait for ever, once in some hundred stops. What was
// answered is on record by then; a database that is left behind is stopped by `down` or the next
// `up`.
class ExitWhenStuck {
 public:
  ExitWhenStuck() : thread_([this] { Watch(); }) {}
  ~ExitWhenStuck() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }

 private:
  void Watch() {
    constexpr absl::Duration kPatience = absl::Seconds(20);
    const MutexLock lock(mutex_);
    if (changed_.WaitFor(mutex_, kPatience, [this]() CS_REQUIRES(mutex_) { return ended_; }))
      return;
    log::Error("calls within the process do not end; it exits without waiting for them");
    std::_Exit(1);
  }

  Mutex mutex_;
  CondVar changed_;
  bool ended_ CS_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

InProcessServer::InProcessServer(const std::vector<grpc::Service*>& services,
                                 metrics::Registry& registry, const Clock& clock)
    : clock_(clock) {
  grpc::ServerBuilder builder;
  rpc::ApplyServerLimits(builder);
  builder.experimental().SetInterceptorCreators(rpc::MeasureCalls(registry, clock));
  for (grpc::Service* service : services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
}

InProcessServer::~InProcessServer() {
  const ExitWhenStuck watch;
  server_->Shutdown(absl::ToChronoTime(clock_.Now()));
  server_->Wait();
}

std::shared_ptr<grpc::Channel> InProcessServer::Channel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(rpc::kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(rpc::kMaxMessageBytes);
  return server_->InProcessChannel(arguments);
}

}  // namespace countersign::standalone
