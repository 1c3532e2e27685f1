#include "libs/dialects/kserve/rpc_request.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/kserve/schema.h"
#include "libs/dialects/kserve/tensors.h"
#include "libs/dialects/members/media_signatures.h"
#include "libs/dialects/model_id.h"
#include "libs/grpc_wire/frames.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

using protobuf_texts::FieldType;
using protobuf_texts::Value;

constexpr absl::string_view kControl[] = {"Repository", "SystemSharedMemory", "CudaSharedMemory",
                                          "TraceSetting", "LogSettings"};
constexpr std::size_t kMostVersionDigits = 11;

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

bool IsVersion(absl::string_view text) {
  return text.size() <= kMostVersionDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

// Puts everything in a message into its prompt.
class PromptBuilder {
 public:
  PromptBuilder(absl::string_view message, ReadCall& call) : message_(message), call_(call) {}

  void Add(TensorMessage message) {
    for (const Tensor& tensor : message.tensors) AddTensor(tensor);
    for (const OtherText& text : message.texts) AddOther(text);
    for (const Value& value : message.values) AddValue(value);
    constexpr std::size_t kHead = grpc_wire::kFrameHeadBytes;
    for (LengthPrefix& length : message.lengths) {
      call_.lengths.push_back(
          {length.form, length.at + kHead, length.begin + kHead, length.end + kHead});
    }
    call_.lengths.push_back({LengthPrefix::Form::kBigEndian32, 1, kHead, kHead + message_.size()});
  }

  domain::Prompt Take() {
    std::stable_sort(texts_.begin(), texts_.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    for (FoundText& found : texts_) {
      prompt_.parts.push_back(std::move(found.part));
      call_.places.push_back(std::move(found.place));
    }
    return std::move(prompt_);
  }

 private:
  struct FoundText {
    std::size_t at;
    domain::TextPart part;
    members::TextPlace place;
  };

  absl::string_view Content(Span span) const {
    return message_.substr(span.begin, span.end - span.begin);
  }

  void AddText(std::string pointer, Span span, std::string text, bool replaceable) {
    domain::TextPart part;
    part.role = "user";
    part.pointer = std::move(pointer);
    part.text = std::move(text);
    members::TextPlace place;
    if (replaceable) {
      place.begin = span.begin + grpc_wire::kFrameHeadBytes;
      place.end = span.end + grpc_wire::kFrameHeadBytes;
      place.encoding = members::Encoding::kBytes;
    }
    texts_.push_back({span.begin, std::move(part), std::move(place)});
  }

  void AddPlain(std::string pointer, std::string json) {
    prompt_.members.push_back({std::move(pointer), std::move(json)});
  }

  void AddMedia(std::string pointer, std::string type, const std::vector<Span>& spans) {
    std::string bytes;
    for (const Span span : spans) absl::StrAppend(&bytes, Content(span));
    prompt_.media.push_back(domain::MediaPart{std::move(pointer), std::move(type), bytes.size(),
                                              HexEncode(crypto::Sha256(bytes))});
  }

  void AddBytes(const std::string& pointer, Span span) {
    const absl::string_view bytes = Content(span);
    if (bytes.empty()) return AddPlain(pointer, "\"\"");
    if (IsUtf8(bytes)) return AddText(pointer, span, std::string(bytes), true);
    AddMedia(pointer, "application/octet-stream", {span});
    if (members::HasMediaSignature(bytes)) return;
    AddText(pointer, span, ReplaceInvalidUtf8(bytes), false);
  }

  void AddTensor(const Tensor& tensor) {
    const std::string pointer =
        absl::StrCat("/inputs/", absl::StrReplaceAll(tensor.name, {{"~", "~0"}, {"/", "~1"}}));
    if (tensor.datatype != kBytesType) {
      return AddMedia(pointer,
                      absl::StrCat("application/x-tensor; datatype=", DescribeTensor(tensor)),
                      tensor.data);
    }
    AddPlain(absl::StrCat(pointer, "/datatype"), json::Quote(DescribeTensor(tensor)));
    for (std::size_t i = 0; i < tensor.elements.size(); ++i) {
      AddBytes(absl::StrCat(pointer, "/", i), tensor.elements[i]);
    }
  }

  void AddOther(const OtherText& text) {
    const std::string pointer = absl::StrCat("/", text.path);
    const absl::string_view content = Content(text.span);
    const bool model = text.names == "model_name" || text.names == "name";
    const bool key = absl::EndsWith(text.names, "parameters.key");
    const bool version = text.names == "model_version" || text.names == "version";
    const bool name = model || key || absl::EndsWith(text.names, "puts.name");
    if (model) prompt_.model = std::string(content);
    if (content.empty() || (name && IsModelId(content)) || (version && IsVersion(content))) {
      return AddPlain(pointer, json::Quote(content));
    }
    // A parameter's name cannot change.
    AddText(pointer, text.span, std::string(content), !key);
  }

  void AddValue(const Value& value) {
    const std::string pointer = absl::StrCat("/", value.path);
    if (value.type == FieldType::kBytes) {
      return AddBytes(pointer, {value.place.begin, value.place.end});
    }
    std::string number = protobuf_texts::FormatNumber(value, message_);
    double as_double = 0;
    if (absl::SimpleAtod(number, &as_double)) {
      absl::string_view parameter = value.path;
      if (absl::ConsumePrefix(&parameter, "parameters[\"")) {
        const std::size_t end = parameter.rfind("\"].");
        if (end != absl::string_view::npos) {
          prompt_.parameters[std::string(parameter.substr(0, end))] = as_double;
        }
      }
    }
    AddPlain(pointer, std::move(number));
  }

  const absl::string_view message_;
  ReadCall& call_;
  domain::Prompt prompt_;
  std::vector<FoundText> texts_;
};

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
  PromptBuilder builder(message, call);
  builder.Add(std::move(tensors));
  domain::Prompt prompt = builder.Take();
  prompt.operation = FindOperation(absl::StripPrefix(request.path, kService));
  prompt.stream = method->server_streams;
  if (prompt.operation == "models.infer" && prompt.model.empty()) {
    return absl::InvalidArgumentError("model_name must name a model");
  }
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return call;
}

}  // namespace countersign::dialects::kserve
