#include "libs/dialects/kserve/rpc_answer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/kserve/schema.h"
#include "libs/dialects/kserve/tensors.h"
#include "libs/dialects/members/media_signatures.h"
#include "libs/dialects/model_id.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::dialects::kserve {
namespace {

using rpc::MessageText;

constexpr char kStreamResponse[] = "inference.ModelStreamInferResponse";
constexpr absl::string_view kNoField = "(none)";
constexpr absl::string_view kFinal = "parameters[\"triton_final_response\"].bool_param";
constexpr std::uint32_t kIdField = 3;

class InferMessage final : public rpc::AnswerMessage {
 public:
  InferMessage(std::string message, TensorMessage read, bool streams)
      : message_(std::move(message)), lengths_(std::move(read.lengths)), ends_(!streams) {
    for (const Tensor& tensor : read.tensors) AddTensor(tensor);
    for (OtherText& text : read.texts) AddOther(text);
    for (const protobuf_texts::Value& value : read.values) {
      if (absl::EndsWith(value.path, kFinal) && value.bits != 0) ends_ = true;
    }
  }

  const std::vector<MessageText>& texts() const override { return texts_; }
  bool ends_texts() const override { return ends_; }
  bool failed() const override { return failed_; }

  absl::StatusOr<std::string> Write(const std::vector<std::string>& texts) const override {
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (texts[i] == texts_[i].text) continue;
      edits.push_back({places_[i].begin, places_[i].end, texts[i]});
    }
    return Splice(message_, std::move(edits), lengths_);
  }

 private:
  absl::string_view Content(Span span) const {
    return absl::string_view(message_).substr(span.begin, span.end - span.begin);
  }

  void Add(MessageText text, Span span) {
    texts_.push_back(std::move(text));
    places_.push_back(span);
  }

  void AddTensor(const Tensor& tensor) {
    for (std::size_t i = 0; i < tensor.elements.size(); ++i) {
      const Span span = tensor.elements[i];
      const absl::string_view bytes = Content(span);
      std::string field = absl::StrCat("outputs/", tensor.name, "/", i);
      if (IsUtf8(bytes)) {
        Add({std::move(field), std::string(bytes)}, span);
      } else if (!members::HasMediaSignature(bytes)) {
        // What is not UTF-8 is a text of its own, whose invalid bytes are lost when it is masked.
        Add({absl::StrCat(field, "/bytes"), ReplaceInvalidUtf8(bytes), true}, span);
      }
    }
  }

  void AddOther(OtherText& text) {
    const absl::string_view content = Content(text.span);
    if (text.names == "error_message" && !content.empty()) failed_ = true;
    const bool name =
        absl::EndsWith(text.names, "name") || absl::EndsWith(text.names, "parameters.key");
    if (content.empty() || (name && IsModelId(content))) return;
    Add({std::move(text.path), std::string(content), true, false}, text.span);
  }

  const std::string message_;
  const std::vector<LengthPrefix> lengths_;
  std::vector<MessageText> texts_;
  std::vector<Span> places_;  // of the texts
  bool ends_;
  bool failed_ = false;
};

std::string WriteField(std::uint32_t number, absl::string_view bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) field += static_cast<char>(size | 0x80);
  field += static_cast<char>(size);
  return absl::StrCat(field, bytes);
}

absl::Status Unreadable(const absl::Status& status) {
  if (GetReason(status) == protobuf_texts::kUnknownField) {
    return WithReason(absl::UnavailableError(status.message()), kUnknownEvent);
  }
  return WithReason(absl::UnavailableError(status.message()), "upstream_protocol");
}

absl::StatusOr<TensorMessage> ReadAnswer(const protobuf_texts::MessageType& type,
                                         absl::string_view message,
                                         const protobuf_texts::ReadOptions& options) {
  CS_ASSIGN_OR_RETURN(protobuf_texts::ReadResult read,
                      protobuf_texts::ReadMessage(GetSchema(), type, message, options));
  TensorFields fields{"", "outputs", "raw_output_contents"};
  if (type.name() == kStreamResponse) {
    fields.root = "infer_response.";
  } else if (type.FindField(fields.raw) == nullptr) {
    fields.tensors = fields.raw = kNoField;  // the outputs of metadata are descriptions
  }
  return ReadTensors(std::move(read), message, fields);
}

}  // namespace

rpc::ReadMessage MakeMessageReader(absl::string_view path, const AnswerOptions& options) {
  const protobuf_texts::Method* const method = GetSchema().FindMethod(path);
  protobuf_texts::ReadOptions how;
  how.unknown = options.unknown_events == domain::UnknownEvents::kRefuse
                    ? protobuf_texts::UnknownFields::kRefuse
                    : protobuf_texts::UnknownFields::kRead;
  return [method, how](std::string message) -> absl::StatusOr<std::unique_ptr<rpc::AnswerMessage>> {
    absl::StatusOr<TensorMessage> read = ReadAnswer(*method->output, message, how);
    if (!read.ok()) return Unreadable(read.status());
    return std::make_unique<InferMessage>(std::move(message), *std::move(read),
                                          method->server_streams);
  };
}

std::string WriteStreamFailure(absl::string_view request, absl::string_view failure) {
  std::string id;
  protobuf_texts::WireReader reader(request, 0, request.size());
  while (true) {
    const auto field = reader.Next();
    if (!field.ok() || !field->has_value()) break;
    if ((*field)->number != kIdField ||
        (*field)->type != protobuf_texts::WireType::kLengthDelimited) {
      continue;
    }
    const absl::string_view value =
        request.substr((*field)->value_begin, (*field)->value_end - (*field)->value_begin);
    if (IsUtf8(value)) id = std::string(value);
  }
  std::string message = WriteField(1, failure);
  if (!id.empty()) absl::StrAppend(&message, WriteField(2, WriteField(kIdField, id)));
  return message;
}

}  // namespace countersign::dialects::kserve
