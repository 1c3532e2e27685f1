#include "libs/protobuf_texts/descriptor_set.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::protobuf_texts {
namespace {

namespace pb = google::protobuf;

pb::FileDescriptorSet ChatSet() {
  pb::FileDescriptorSet set;
  auto& file = *set.add_file();
  file.set_name("chat.proto");
  file.set_package("chat");
  auto& request = *file.add_message_type();
  request.set_name("Request");
  auto& text = *request.add_field();
  text.set_name("text");
  text.set_number(1);
  text.set_type(pb::FieldDescriptorProto::TYPE_STRING);
  text.set_oneof_index(0);
  request.add_oneof_decl()->set_name("what");
  auto& self = *request.add_field();
  self.set_name("next");
  self.set_number(2);
  self.set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
  self.set_type_name(".chat.Request");
  self.set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
  auto& service = *file.add_service();
  service.set_name("Chat");
  auto& method = *service.add_method();
  method.set_name("Talk");
  method.set_input_type(".chat.Request");
  method.set_output_type(".chat.Request");
  method.set_client_streaming(true);
  method.set_server_streaming(true);
  return set;
}

std::string SetError(const pb::FileDescriptorSet& set, const DescriptorLimits& limits = {}) {
  return std::string(ReadDescriptorSet(set.SerializeAsString(), limits).status().message());
}

TEST_CASE("ReadDescriptorSet: messages, oneofs and methods", "[protobuf_texts]") {
  const auto schema = ReadDescriptorSet(ChatSet().SerializeAsString());
  INFO(schema.status());
  REQUIRE(schema.ok());
  const MessageType* request = (*schema)->FindMessage("chat.Request");
  REQUIRE(request != nullptr);
  CHECK(request->FindField(1u)->oneof == "what");
  CHECK(request->FindField(2u)->repeated);
  CHECK(request->FindField(2u)->message == request);
  const Method* talk = (*schema)->FindMethod("/chat.Chat/Talk");
  REQUIRE(talk != nullptr);
  CHECK(talk->input == request);
  CHECK(talk->client_streams);
  CHECK(talk->server_streams);
}

TEST_CASE("ReadDescriptorSet: descriptor.proto, which has extensions' ranges and groups' kin",
          "[protobuf_texts]") {
  pb::FileDescriptorSet set;
  pb::FileDescriptorSet::descriptor()->file()->CopyTo(set.add_file());
  const auto schema = ReadDescriptorSet(set.SerializeAsString());
  INFO(schema.status());
  REQUIRE(schema.ok());
  const MessageType* field = (*schema)->FindMessage("google.protobuf.FieldDescriptorProto");
  REQUIRE(field != nullptr);
  CHECK(field->FindField(8u)->message == (*schema)->FindMessage("google.protobuf.FieldOptions"));
}

TEST_CASE("ReadDescriptorSet: extensions are fields of what they extend", "[protobuf_texts]") {
  pb::FileDescriptorSet set = ChatSet();
  auto& extension = *set.mutable_file(0)->add_extension();
  extension.set_name("more");
  extension.set_number(100);
  extension.set_extendee(".chat.Request");
  extension.set_type(pb::FieldDescriptorProto::TYPE_STRING);
  const auto schema = ReadDescriptorSet(set.SerializeAsString());
  REQUIRE(schema.ok());
  CHECK((*schema)->FindMessage("chat.Request")->FindField(100u)->name == "[chat.more]");
  extension.set_extendee(".chat.Other");
  CHECK(absl::StrContains(SetError(set), "[chat.more]: no message chat.Other"));
}

TEST_CASE("ReadDescriptorSet: malformed sets are refused with what and where", "[protobuf_texts]") {
  const auto changed = [](auto change) {
    pb::FileDescriptorSet set = ChatSet();
    change(*set.mutable_file(0));
    return SetError(set);
  };
  CHECK(absl::StrContains(changed([](auto& f) { f.mutable_message_type(0)->set_name("a b"); }),
                          "chat: a message has no name"));
  CHECK(absl::StrContains(
      changed([](auto& f) { f.mutable_message_type(0)->mutable_field(0)->set_number(0); }),
      "chat.Request.text: its number is not possible"));
  CHECK(absl::StrContains(
      changed([](auto& f) { f.mutable_message_type(0)->mutable_field(0)->clear_type(); }),
      "chat.Request.text: it has no type"));
  CHECK(absl::StrContains(changed([](auto& f) {
                            f.mutable_message_type(0)->mutable_field(1)->set_type_name("Request");
                          }),
                          "chat.Request.next: the name of its type is not a full one"));
  CHECK(absl::StrContains(changed([](auto& f) {
                            f.mutable_message_type(0)->mutable_field(1)->set_type_name(".other.X");
                          }),
                          "chat.Request.next: no message other.X: write the set with"));
  CHECK(absl::StrContains(
      changed([](auto& f) { f.mutable_service(0)->mutable_method(0)->set_output_type(".no"); }),
      "/chat.Chat/Talk: no message no"));
  CHECK(absl::StrContains(changed([](auto& f) { f.set_package("a..b"); }),
                          "file 1: its package is no name"));
  CHECK(absl::StrContains(ReadDescriptorSet("").status().message(), "it has no file"));
  CHECK(absl::StrContains(ReadDescriptorSet("\x0a\x05zz").status().message(), "cut off"));
}

TEST_CASE("ReadDescriptorSet: limits", "[protobuf_texts]") {
  const pb::FileDescriptorSet set = ChatSet();
  DescriptorLimits limits;
  limits.bytes = 10;
  CHECK(absl::StrContains(SetError(set, limits), "bytes are more than 10"));
  limits = {};
  limits.messages = 0;
  CHECK(absl::StrContains(SetError(set, limits), "more than 0 messages"));
  limits = {};
  limits.fields = 1;
  CHECK(absl::StrContains(SetError(set, limits), "more than 1 fields"));
  limits = {};
  limits.files = 0;
  CHECK(absl::StrContains(SetError(set, limits), "more than 0 files"));
  pb::FileDescriptorSet deep = set;
  auto* message = deep.mutable_file(0)->mutable_message_type(0);
  for (int i = 0; i < 40; ++i) {
    message = message->add_nested_type();
    message->set_name(absl::StrCat("M", i));
  }
  CHECK(absl::StrContains(SetError(deep), "32 deep"));
}

}  // namespace
}  // namespace countersign::protobuf_texts
