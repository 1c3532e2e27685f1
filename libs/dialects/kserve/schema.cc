#include "libs/dialects/kserve/schema.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::kserve {
namespace {

using protobuf_texts::FieldSpec;
using protobuf_texts::FieldType;
using protobuf_texts::MessageSpec;
using protobuf_texts::MethodSpec;

constexpr bool kRepeated = true;

FieldSpec Scalar(std::uint32_t number, const char* name, FieldType type, bool repeated = false) {
  return {number, name, type, repeated, "", ""};
}

FieldSpec Message(std::uint32_t number, const char* name, const char* type, bool repeated = false) {
  return {number, name, FieldType::kMessage, repeated, absl::StrCat("inference.", type), ""};
}

FieldSpec Choice(std::uint32_t number, const char* name, FieldType type) {
  return {number, name, type, false, "", "parameter_choice"};
}

MessageSpec Type(const char* name, std::vector<FieldSpec> fields) {
  return {absl::StrCat("inference.", name), std::move(fields), false};
}

std::vector<MessageSpec> InferenceMessages() {
  constexpr auto kString = FieldType::kString;
  std::vector<MessageSpec> messages;
  messages.push_back(
      Type("InferParameter",
           {Choice(1, "bool_param", FieldType::kBool), Choice(2, "int64_param", FieldType::kInt64),
            Choice(3, "string_param", kString), Choice(4, "double_param", FieldType::kDouble),
            Choice(5, "uint64_param", FieldType::kUint64)}));
  messages.push_back(
      Type("ParametersEntry", {Scalar(1, "key", kString), Message(2, "value", "InferParameter")}));
  messages.back().map_entry = true;
  messages.push_back(
      Type("InferTensorContents", {Scalar(1, "bool_contents", FieldType::kBool, kRepeated),
                                   Scalar(2, "int_contents", FieldType::kInt32, kRepeated),
                                   Scalar(3, "int64_contents", FieldType::kInt64, kRepeated),
                                   Scalar(4, "uint_contents", FieldType::kUint32, kRepeated),
                                   Scalar(5, "uint64_contents", FieldType::kUint64, kRepeated),
                                   Scalar(6, "fp32_contents", FieldType::kFloat, kRepeated),
                                   Scalar(7, "fp64_contents", FieldType::kDouble, kRepeated),
                                   Scalar(8, "bytes_contents", FieldType::kBytes, kRepeated)}));
  const std::vector<FieldSpec> tensor = {Scalar(1, "name", kString), Scalar(2, "datatype", kString),
                                         Scalar(3, "shape", FieldType::kInt64, kRepeated),
                                         Message(4, "parameters", "ParametersEntry", kRepeated),
                                         Message(5, "contents", "InferTensorContents")};
  messages.push_back(Type("InferInputTensor", tensor));
  messages.push_back(Type("InferOutputTensor", tensor));
  messages.push_back(
      Type("InferRequestedOutputTensor",
           {Scalar(1, "name", kString), Message(2, "parameters", "ParametersEntry", kRepeated)}));
  messages.push_back(
      Type("ModelInferRequest",
           {Scalar(1, "model_name", kString), Scalar(2, "model_version", kString),
            Scalar(3, "id", kString), Message(4, "parameters", "ParametersEntry", kRepeated),
            Message(5, "inputs", "InferInputTensor", kRepeated),
            Message(6, "outputs", "InferRequestedOutputTensor", kRepeated),
            Scalar(7, "raw_input_contents", FieldType::kBytes, kRepeated)}));
  messages.push_back(
      Type("ModelInferResponse",
           {Scalar(1, "model_name", kString), Scalar(2, "model_version", kString),
            Scalar(3, "id", kString), Message(4, "parameters", "ParametersEntry", kRepeated),
            Message(5, "outputs", "InferOutputTensor", kRepeated),
            Scalar(6, "raw_output_contents", FieldType::kBytes, kRepeated)}));
  messages.push_back(Type(
      "ModelStreamInferResponse",
      {Scalar(1, "error_message", kString), Message(2, "infer_response", "ModelInferResponse")}));
  return messages;
}

// Health and metadata.
void AddServerMessages(std::vector<MessageSpec>& messages) {
  constexpr auto kString = FieldType::kString;
  for (const char* empty : {"ServerLiveRequest", "ServerReadyRequest", "ServerMetadataRequest"}) {
    messages.push_back(Type(empty, {}));
  }
  for (const char* named : {"ModelReadyRequest", "ModelMetadataRequest"}) {
    messages.push_back(Type(named, {Scalar(1, "name", kString), Scalar(2, "version", kString)}));
  }
  messages.push_back(Type("ServerLiveResponse", {Scalar(1, "live", FieldType::kBool)}));
  messages.push_back(Type("ServerReadyResponse", {Scalar(1, "ready", FieldType::kBool)}));
  messages.push_back(Type("ModelReadyResponse", {Scalar(1, "ready", FieldType::kBool)}));
  messages.push_back(
      Type("ServerMetadataResponse", {Scalar(1, "name", kString), Scalar(2, "version", kString),
                                      Scalar(3, "extensions", kString, kRepeated)}));
  messages.push_back(
      Type("TensorMetadata", {Scalar(1, "name", kString), Scalar(2, "datatype", kString),
                              Scalar(3, "shape", FieldType::kInt64, kRepeated)}));
  messages.push_back(
      Type("ModelMetadataResponse",
           {Scalar(1, "name", kString), Scalar(2, "versions", kString, kRepeated),
            Scalar(3, "platform", kString), Message(4, "inputs", "TensorMetadata", kRepeated),
            Message(5, "outputs", "TensorMetadata", kRepeated)}));
}

std::unique_ptr<const protobuf_texts::Schema> MakeSchema() {
  std::vector<MessageSpec> messages = InferenceMessages();
  AddServerMessages(messages);
  std::vector<MethodSpec> methods;
  for (const char* name : {"ServerLive", "ServerReady", "ModelReady", "ServerMetadata",
                           "ModelMetadata", "ModelInfer", "ModelStreamInfer"}) {
    const bool streams = absl::string_view(name) == "ModelStreamInfer";
    methods.push_back({absl::StrCat(kService, name),
                       absl::StrCat("inference.", streams ? "ModelInfer" : name, "Request"),
                       absl::StrCat("inference.", name, "Response"), streams, streams});
  }
  auto schema = protobuf_texts::Schema::Make(std::move(messages), std::move(methods));
  if (!schema.ok()) std::abort();  // the tables above are wrong
  return *std::move(schema);
}

}  // namespace

const protobuf_texts::Schema& GetSchema() {
  static const auto& schema = *MakeSchema().release();
  return schema;
}

}  // namespace countersign::dialects::kserve
