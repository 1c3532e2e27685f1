#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Messages as the bytes that a generic stub sends and receives.
namespace countersign::edge::admin {

grpc::ByteBuffer Serialize(const google::protobuf::Message& message);

// INVALID_ARGUMENT when `bytes`, which a caller sent, are not a message of `type`.
absl::Status CheckMessage(const google::protobuf::Descriptor& type, absl::string_view bytes);

// INTERNAL when `bytes` are not a message of `type`.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Deserialize(
    const google::protobuf::Descriptor& type, grpc::ByteBuffer bytes);

}  // namespace countersign::edge::admin
