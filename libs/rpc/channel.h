#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

// The one place of gRPC's transport settings, for both ends (keep-alive, sizes, connection age).
namespace countersign::rpc {

// A lazily connected channel to "HOST:PORT". While the other end is away, calls fail at once with
// UNAVAILABLE, and it is tried again every second or two.
std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// Message size, stream and metadata limits, keep-alive and connection age of a server.
void ApplyServerLimits(grpc::ServerBuilder& builder);

// Prompts and bodies of 32 MiB travel in one message, with what stands around them.
inline constexpr int kMaxMessageBytes = 72 << 20;

}  // namespace countersign::rpc
