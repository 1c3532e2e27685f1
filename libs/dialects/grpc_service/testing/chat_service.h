#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/grpc_wire/frames.h"
#include "libs/protobuf_texts/schema.h"

namespace countersign::dialects::grpc_service::testing {

// A service with a method of each kind, all from ChatRequest to ChatReply:
//   message Turn { string role = 1; string content = 2; }
//   message ChatRequest { string model = 1; repeated Turn turns = 2; double temperature = 3;
//                         bytes image = 4; repeated uint32 prompt_token_ids = 5;
//                         map<string, string> labels = 6; repeated float weights = 7; }
//   message Choice { int32 index = 1; string text = 2; }
//   message ChatReply { string id = 1; repeated Choice choices = 2; string text = 3;
//                       repeated uint32 token_ids = 4; }
inline std::shared_ptr<const protobuf_texts::Schema> ChatSchema() {
  using protobuf_texts::FieldType;
  auto schema = protobuf_texts::Schema::Make(
      {{"chat.Turn", {{1, "role", FieldType::kString}, {2, "content", FieldType::kString}}},
       {"chat.ChatRequest",
        {{1, "model", FieldType::kString},
         {2, "turns", FieldType::kMessage, true, "chat.Turn"},
         {3, "temperature", FieldType::kDouble},
         {4, "image", FieldType::kBytes},
         {5, "prompt_token_ids", FieldType::kUint32, true},
         {6, "labels", FieldType::kMessage, true, "chat.ChatRequest.LabelsEntry"},
         {7, "weights", FieldType::kFloat, true}}},
       {"chat.ChatRequest.LabelsEntry",
        {{1, "key", FieldType::kString}, {2, "value", FieldType::kString}},
        true},
       {"chat.Choice", {{1, "index", FieldType::kInt32}, {2, "text", FieldType::kString}}},
       {"chat.ChatReply",
        {{1, "id", FieldType::kString},
         {2, "choices", FieldType::kMessage, true, "chat.Choice"},
         {3, "text", FieldType::kString},
         {4, "token_ids", FieldType::kUint32, true}}}},
      {{"/chat.Chat/Ask", "chat.ChatRequest", "chat.ChatReply", false, false},
       {"/chat.Chat/Stream", "chat.ChatRequest", "chat.ChatReply", false, true},
       {"/chat.Chat/Collect", "chat.ChatRequest", "chat.ChatReply", true, false},
       {"/chat.Chat/Talk", "chat.ChatRequest", "chat.ChatReply", true, true}});
  return std::move(schema).value();
}

// Fields of a message, for numbers below 16 and contents below 128 bytes.
inline std::string Field(int number, absl::string_view content) {
  std::string bytes;
  bytes.push_back(static_cast<char>(number << 3 | 2));
  bytes.push_back(static_cast<char>(content.size()));
  bytes.append(content.data(), content.size());
  return bytes;
}
inline std::string Number(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

// The messages in frames.
inline std::string Frames(const std::vector<std::string>& messages) {
  std::string frames;
  for (const std::string& message : messages) frames += grpc_wire::EncodeFrame(0, message);
  return frames;
}

}  // namespace countersign::dialects::grpc_service::testing
