#include "services/standalone/in_process_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "libs/rpc/channel.h"
#include "libs/rpc/server_metrics.h"

namespace countersign::standalone {

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
