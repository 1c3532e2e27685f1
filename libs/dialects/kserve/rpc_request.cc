#include "libs/dialects/kserve/rpc_request.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/prompt_parts.h"
#include "libs/dialects/kserve/schema.h"
#include "libs/dialects/kserve/tensors.h"
#include "libs/grpc_wire/frames.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

using protobuf_texts::FieldType;
using protobuf_texts::Value;

constexpr absl::string_view kControl[] = {"Repository", "SystemSharedMemory", "CudaSharedMemory",
                                          "TraceSetting", "LogSettings"};

struct Operation {
  absl::string_view method;
  absl::string_view name;
};
constexpr Operation kOperations[] = {
    {"ServerLive", "server.live"},         {"ServerReady", "server.ready"},
    {"ServerMetadata", "server.metadata"}, {"ModelReady", "models.ready"},
    {"ModelMetadata", "models.metadata"},  {"ModelInfer", "models.infer"},
    {"ModelStreamInfer", "models.infer"}};

std::string FindOperation(absl::string_view method) {
  for (const Operation& operation : kOperations) {
    if (operation.method == method) return std::string(operation.name);
  }
  return "";
}

absl::StatusOr<const protobuf_texts::Method*> FindMethod(absl::string_view path) {
  if (const auto* const method = GetSchema().FindMethod(path)) return method;
  absl::string_view name = path;
  if (absl::ConsumePrefix(&name, kService)) {
    for (const absl::string_view prefix : kControl) {
      if (!absl::StartsWith(name, prefix)) continue;
      return absl::PermissionDeniedError(
          absl::StrCat(name, " controls the server or its memory, and is never passed on"));
    }
  }
  return absl::NotFoundError(absl::StrCat("there is no method ", path));
}

// The body's only message.
absl::StatusOr<absl::string_view> OpenFrame(absl::string_view body) {
  grpc_wire::FrameReader frames(body.size());
  frames.Feed(body);
  const auto frame = frames.Next();
  if (!frame.ok() || !frame->has_value() || !frames.empty() || (*frame)->flags != 0) {
    return absl::InvalidArgumentError("the body must be one message");
  }
  return body.substr(grpc_wire::kFrameHeadBytes);
}

// Puts everything in a message into its prompt.
class MessageParts {
 public:
  MessageParts(absl::string_view message, PromptParts& parts) : message_(message), parts_(parts) {}

  void Add(const TensorMessage& message) {
    for (const Tensor& tensor : message.tensors) AddTensor(tensor);
    for (const OtherText& text : message.texts) AddOther(text);
    for (const Value& value : message.values) AddValue(value);
  }

 private:
  absl::string_view Content(Span span) const {
    return message_.substr(span.begin, span.end - span.begin);
  }

  // The span in the body.
  static Span InBody(Span span) { return {span.begin + kHead, span.end + kHead}; }

  void AddTensor(const Tensor& tensor) {
    const std::string pointer = MakeInputPointer(tensor.name);
    const std::string form = DescribeTensor(tensor.datatype, tensor.shape);
    if (tensor.datatype != kBytesType) {
      std::string bytes;
      for (const Span span : tensor.data) absl::StrAppend(&bytes, Content(span));
      return parts_.AddTensor(pointer, form, bytes);
    }
    parts_.AddPlain(absl::StrCat(pointer, "/datatype"), json::Quote(form));
    for (std::size_t i = 0; i < tensor.elements.size(); ++i) {
      parts_.AddBytes(absl::StrCat(pointer, "/", i), Content(tensor.elements[i]),
                      InBody(tensor.elements[i]));
    }
  }

  void AddOther(const OtherText& text) {
    NameKind kind = NameKind::kNone;
    if (text.names == "model_name" || text.names == "name") kind = NameKind::kModel;
    if (absl::EndsWith(text.names, "parameters.key")) kind = NameKind::kKey;
    if (text.names == "model_version" || text.names == "version") kind = NameKind::kVersion;
    if (absl::EndsWith(text.names, "puts.name")) kind = NameKind::kTensor;
    const Span span = InBody(text.span);
    parts_.AddName(absl::StrCat("/", text.path), kind, Content(text.span),
                   {span.begin, span.end, members::Encoding::kBytes, ""});
  }

  void AddValue(const Value& value) {
    const std::string pointer = absl::StrCat("/", value.path);
    if (value.type == FieldType::kBytes) {
      const Span span{value.place.begin, value.place.end};
      return parts_.AddBytes(pointer, Content(span), InBody(span));
    }
    std::string number = protobuf_texts::FormatNumber(value, message_);
    absl::string_view parameter = value.path;
    if (absl::ConsumePrefix(&parameter, "parameters[\"")) {
      const std::size_t end = parameter.rfind("\"].");
      if (end != absl::string_view::npos) {
        parts_.AddParameter(parameter.substr(0, end), number);
      }
    }
    parts_.AddPlain(pointer, std::move(number));
  }

  static constexpr std::size_t kHead = grpc_wire::kFrameHeadBytes;

  const absl::string_view message_;
  PromptParts& parts_;
};

// The lengths in the body of a frame with a message.
std::vector<LengthPrefix> ToBodyLengths(std::vector<LengthPrefix> lengths, std::size_t size) {
  constexpr std::size_t kHead = grpc_wire::kFrameHeadBytes;
  for (LengthPrefix& length : lengths) {
    length.at += kHead;
    length.begin += kHead;
    length.end += kHead;
  }
  lengths.push_back({LengthPrefix::Form::kBigEndian32, 1, kHead, kHead + size});
  return lengths;
}

}  // namespace

absl::StatusOr<ReadCall> ReadRpcCall(const IncomingRequest& request) {
  CS_ASSIGN_OR_RETURN(const protobuf_texts::Method* const method, FindMethod(request.path));
  ReadCall call;
  call.method = "POST";
  call.upstream_path = request.path;
  call.body = request.body;
  call.rpc = true;
  CS_ASSIGN_OR_RETURN(const absl::string_view message, OpenFrame(call.body));
  protobuf_texts::ReadOptions options;
  options.unknown = protobuf_texts::UnknownFields::kRead;
  CS_ASSIGN_OR_RETURN(protobuf_texts::ReadResult read,
                      protobuf_texts::ReadMessage(GetSchema(), *method->input, message, options));
  CS_ASSIGN_OR_RETURN(TensorMessage tensors,
                      ReadTensors(std::move(read), message, {"", "inputs", "raw_input_contents"}));
  PromptParts parts;
  MessageParts(message, parts).Add(tensors);
  call.lengths = ToBodyLengths(std::move(tensors.lengths), message.size());
  domain::Prompt prompt = parts.Take(call);
  prompt.operation = FindOperation(absl::StripPrefix(request.path, kService));
  prompt.stream = method->server_streams;
  if (prompt.operation == "models.infer" && prompt.model.empty()) {
    return absl::InvalidArgumentError("model_name must name a model");
  }
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return call;
}

}  // namespace countersign::dialects::kserve
