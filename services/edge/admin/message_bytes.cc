#include "services/edge/admin/message_bytes.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include "absl/strings/str_cat.h"

namespace countersign::edge::admin {

using google::protobuf::Message;

namespace {

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor& type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

}  // namespace

grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Serialising a parsed message cannot fail.
  (void)grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &bytes, &own);
  return bytes;
}

absl::Status CheckMessage(const google::protobuf::Descriptor& type, absl::string_view bytes) {
  // It would log what it does not accept, and the status says that.
  const google::protobuf::LogSilencer silencer;
  if (NewMessage(type)->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("not a ", type.full_name()));
}

absl::StatusOr<std::unique_ptr<Message>> Deserialize(const google::protobuf::Descriptor& type,
                                                     grpc::ByteBuffer bytes) {
  std::unique_ptr<Message> message = NewMessage(type);
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, message.get());
  if (!parsed.ok()) return absl::InternalError("the owning service's answer cannot be read");
  return message;
}

}  // namespace countersign::edge::admin
