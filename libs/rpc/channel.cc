#include "libs/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/support/channel_arguments.h>

namespace countersign::rpc {
namespace {

constexpr int kSecond = 1000;
constexpr int kMinute = 60 * kSecond;
// Large enough for the internal token of a caller with many groups.
constexpr int kMaxMetadataBytes = 32 << 10;

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  args.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, kMaxMessageBytes);
  args.SetInt(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, kMaxMessageBytes);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30 * kSecond);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * kSecond);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A service that comes back is used again within about two seconds.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kSecond / 10);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2 * kSecond);  // also the connect time-out
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2 * kSecond);
  args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 5 * kSecond);
  // Ports answer UNAVAILABLE themselves; a hidden retry could send something twice.
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetLoadBalancingPolicyName("round_robin");
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel(target, credentials, args);
}

void ApplyServerLimits(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // A taken port is an error.
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 4096);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kMinute);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * kSecond);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20 * kSecond);
  // Connections are renewed so that all use new certificates; gRPC itself varies the age by ±10 %.
  // The grace is long because calls under review and long answers keep their streams for minutes,
  // and must not be cut.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 15 * kMinute);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30 * kMinute);
  grpc::ResourceQuota quota("server");
  quota.Resize(std::size_t{1} << 30);
  builder.SetResourceQuota(quota);
}

}  // namespace countersign::rpc
