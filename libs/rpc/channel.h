#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

// All gRPC transport settings, for clients and servers (keep-alive, sizes, connection age).
namespace countersign::rpc {

// A channel to "HOST:PORT" that connects on first use. While the server is down, calls fail at once
// with UNAVAILABLE, and a connection is tried every second or two.
std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// Message size, stream and metadata limits, keep-alive and connection age of a server.
void ApplyServerLimits(grpc::ServerBuilder& builder);

// A prompt or body of 32 MiB is sent in one message, with its envelope.
inline constexpr int kMaxMessageBytes = 72 << 20;

}  // namespace countersign::rpc
