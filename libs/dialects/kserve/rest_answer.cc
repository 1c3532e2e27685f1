#include "libs/dialects/kserve/rest_answer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/answers/answer_json.h"
#include "libs/dialects/answers/document_answer.h"
#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/dialects/kserve/json_tensors.h"
#include "libs/dialects/kserve/rest_grammar.h"
#include "libs/dialects/members/media_signatures.h"
#include "libs/dialects/sse/writer.h"

namespace countersign::dialects::kserve {
namespace {

using json::Value;
using Pieces = std::vector<domain::FieldPiece>;
using Releases = std::vector<domain::FieldRelease>;

absl::Status Unreadable(absl::string_view what) {
  return WithReason(absl::UnavailableError(what), "upstream_protocol");
}

absl::string_view FindHeader(const AnswerHead& head, absl::string_view name) {
  if (head.headers == nullptr) return {};
  for (const auto& [key, value] : *head.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

// The binary data of an answer: which of it are texts, and how it is written with others.
class BinaryData {
 public:
  // UNAVAILABLE when it does not fit the outputs in `json`.
  absl::Status Read(std::string bytes, std::string json) {
    bytes_ = std::move(bytes);
    CS_ASSIGN_OR_RETURN(const answers::AnswerJson parsed, answers::ParseAnswerJson(json));
    const Value outputs = parsed.document.root()["outputs"];
    std::size_t at = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::optional<BinarySize> size = ReadBinarySize(outputs.at(i));
      if (!size) continue;
      if (size->bytes > bytes_.size() - at) return Unreadable("its binary data is cut off");
      const Span region{at, at + size->bytes};
      CS_RETURN_IF_ERROR(AddTensor(outputs.at(i), region));
      regions_.push_back(region);
      at = region.end;
    }
    return at == bytes_.size() ? absl::OkStatus() : Unreadable("it has other binary data");
  }

  Pieces Ask() const {
    Pieces pieces;
    for (const Text& text : texts_) pieces.push_back({text.field, text.text, true});
    return pieces;
  }

  // Appends the data, with `releases` in the places of the texts, to the JSON in `delivery`.
  absl::Status Write(Releases releases, Delivery& delivery) {
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (releases[i].text != texts_[i].text) {
        edits.push_back({texts_[i].span.begin, texts_[i].span.end, releases[i].text});
      }
      for (domain::MaskedSpan& span : releases[i].masked) {
        delivery.masked.push_back({texts_[i].field, std::move(span)});
      }
      delivery.output.push_back({texts_[i].field, std::move(releases[i].text)});
    }
    CS_ASSIGN_OR_RETURN(delivery.bytes, WriteSizes(delivery.bytes, edits));
    CS_ASSIGN_OR_RETURN(const std::string data, Splice(bytes_, std::move(edits), lengths_));
    delivery.headers.emplace_back(kHeadSizeHeader, absl::StrCat(delivery.bytes.size()));
    absl::StrAppend(&delivery.bytes, data);
    return absl::OkStatus();
  }

 private:
  struct Text {
    std::string field;
    std::string text;
    Span span;
  };

  absl::Status AddTensor(const Value& output, Span region) {
    const Datatype* const datatype = FindDatatype(output["datatype"].text());
    if (datatype == nullptr || output["data"].exists()) {
      return Unreadable("an output with binary data has no datatype, or other data");
    }
    if (datatype->size > 0) return absl::OkStatus();
    std::vector<Span> elements;
    if (!SplitElements(bytes_, region, elements, lengths_)) {
      return Unreadable("an element of its binary data is cut off");
    }
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Span span = elements[i];
      const absl::string_view bytes =
          absl::string_view(bytes_).substr(span.begin, span.end - span.begin);
      std::string field = absl::StrCat("outputs/", output["name"].text(), "/", i);
      if (IsUtf8(bytes)) {
        texts_.push_back({std::move(field), std::string(bytes), span});
      } else if (!members::HasMediaSignature(bytes)) {
        // A text of its own, whose invalid bytes are lost when it is masked.
        texts_.push_back({absl::StrCat(field, "/bytes"), ReplaceInvalidUtf8(bytes), span});
      }
    }
    return absl::OkStatus();
  }

  // `json` with the sizes of the outputs after `edits` of the data.
  absl::StatusOr<std::string> WriteSizes(std::string json, std::vector<Edit> edits) const {
    CS_ASSIGN_OR_RETURN(const answers::AnswerJson parsed, answers::ParseAnswerJson(json));
    const Value outputs = parsed.document.root()["outputs"];
    std::vector<DecimalSize> sizes;
    for (std::size_t i = 0; i < outputs.size() && sizes.size() < regions_.size(); ++i) {
      const std::optional<BinarySize> size = ReadBinarySize(outputs.at(i));
      if (!size) continue;
      const Span region = regions_[sizes.size()];
      sizes.push_back({size->value.begin(), size->value.end(), region.begin, region.end});
    }
    if (sizes.size() != regions_.size()) {
      return absl::InternalError("the sizes of an answer's outputs are gone");
    }
    const std::size_t of_texts = edits.size();
    AddSizeEdits(sizes, edits);
    edits.erase(edits.begin(), edits.begin() + static_cast<std::ptrdiff_t>(of_texts));
    return Splice(json, std::move(edits));
  }

  std::string bytes_;
  std::vector<Span> regions_;  // of the outputs
  std::vector<Text> texts_;
  std::vector<LengthPrefix> lengths_;
};

class BodyAnswer final : public AnswerReader {
 public:
  BodyAnswer(const AnswerHead& head, const AnswerOptions& options, bool may_be_empty)
      : may_be_empty_(may_be_empty),
        head_size_(FindHeader(head, kHeadSizeHeader)),
        json_(std::make_unique<InferGrammar>(),
              {options.masked, head.status,
               options.unknown_events == domain::UnknownEvents::kRefuse}) {}

  absl::StatusOr<Pieces> Feed(absl::string_view bytes) override {
    absl::StrAppend(&body_, bytes);
    return Pieces();
  }

  absl::StatusOr<Pieces> Finish() override {
    if (body_.empty() && may_be_empty_) return Pieces();
    if (!head_size_.empty()) {
      const std::optional<std::size_t> size = ReadHeadSize(head_size_, body_.size());
      if (!size) return Unreadable(absl::StrCat(kHeadSizeHeader, " does not fit the body"));
      binary_.emplace();
      CS_RETURN_IF_ERROR(binary_->Read(body_.substr(*size), body_.substr(0, *size)));
      body_.resize(*size);
    }
    CS_RETURN_IF_ERROR(json_.Feed(std::exchange(body_, {})).status());
    CS_ASSIGN_OR_RETURN(Pieces pieces, json_.Finish());
    asked_in_json_ = pieces.size();
    if (binary_) {
      for (domain::FieldPiece& piece : binary_->Ask()) pieces.push_back(std::move(piece));
    }
    return pieces;
  }

  absl::StatusOr<std::vector<Delivery>> Release(Releases releases) override {
    Releases in_binary;
    if (releases.size() > asked_in_json_) {
      const auto first = releases.begin() + static_cast<std::ptrdiff_t>(asked_in_json_);
      in_binary.assign(std::make_move_iterator(first), std::make_move_iterator(releases.end()));
      releases.erase(first, releases.end());
    }
    CS_ASSIGN_OR_RETURN(std::vector<Delivery> deliveries, json_.Release(std::move(releases)));
    if (binary_ && !deliveries.empty()) {
      CS_RETURN_IF_ERROR(binary_->Write(std::move(in_binary), deliveries.front()));
    }
    return deliveries;
  }

  const Usage& usage() const override { return json_.usage(); }
  bool upstream_failed() const override { return json_.upstream_failed(); }

 private:
  const bool may_be_empty_;
  const std::string head_size_;
  answers::DocumentAnswer json_;
  std::string body_;
  std::optional<BinaryData> binary_;
  std::size_t asked_in_json_ = 0;
};

}  // namespace

std::unique_ptr<AnswerReader> OpenRestAnswer(const ReadCall& call, const AnswerHead& head,
                                             const AnswerOptions& options) {
  if (head.status >= 400 || !absl::StartsWithIgnoreCase(head.content_type, sse::kContentType)) {
    // Health says everything in its status.
    const bool health =
        call.prompt != nullptr && (absl::EndsWith(call.prompt->operation, "ready") ||
                                   absl::EndsWith(call.prompt->operation, "live"));
    return std::make_unique<BodyAnswer>(head, options, health);
  }
  answers::EventStreamAnswer::Options how;
  how.masked = options.masked;
  how.refuse_unknown = options.unknown_events == domain::UnknownEvents::kRefuse;
  how.ends_with_body = true;
  how.max_event_bytes = options.max_event_bytes;
  return std::make_unique<answers::EventStreamAnswer>(std::make_unique<InferStreamGrammar>(), how);
}

}  // namespace countersign::dialects::kserve
