#include "services/edge/admin/message_bytes.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

namespace countersign::edge::admin {

using google::protobuf::Message;

grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Serialising a parsed message cannot fail.
  (void)grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &bytes, &own);
  return bytes;
}

absl::StatusOr<std::unique_ptr<Message>> Deserialize(const google::protobuf::Descriptor& type,
                                                     grpc::ByteBuffer bytes) {
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, message.get());
  if (!parsed.ok()) return absl::InternalError("the owning service's answer cannot be read");
  return message;
}

}  // namespace countersign::edge::admin
