#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>

#include "absl/status/statusor.h"

// Messages as the bytes that a generic stub sends and receives.
namespace countersign::edge::admin {

grpc::ByteBuffer Serialize(const google::protobuf::Message& message);

// INTERNAL when `bytes` are not a message of `type`.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Deserialize(
    const google::protobuf::Descriptor& type, grpc::ByteBuffer bytes);

}  // namespace countersign::edge::admin
