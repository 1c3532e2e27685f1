#include "libs/dialects/kserve/tensors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/datatypes.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::dialects::kserve {
namespace {

using protobuf_texts::Text;
using protobuf_texts::Value;

// "inputs[3].rest"
struct InTensor {
  std::size_t index = 0;
  absl::string_view rest;
};

// "[3]rest"
std::optional<InTensor> ReadIndex(absl::string_view path) {
  const std::size_t close = path.find(']');
  InTensor in;
  if (!absl::ConsumePrefix(&path, "[") || close == absl::string_view::npos ||
      !absl::SimpleAtoi(path.substr(0, close - 1), &in.index)) {
    return std::nullopt;
  }
  in.rest = path.substr(close);
  return in;
}

// A tensor's fields as they were read.
struct Draft {
  Tensor tensor;
  bool has_name = false;
  bool has_datatype = false;
  std::string contents;  // the field with its values; "": none
  std::vector<std::pair<std::size_t, Span>> elements;
  std::uint64_t values = 0;
};

class Reader {
 public:
  Reader(absl::string_view message, const TensorFields& fields)
      : message_(message),
        tensors_(absl::StrCat(fields.root, fields.tensors)),
        raw_(absl::StrCat(fields.root, fields.raw)) {}

  absl::StatusOr<TensorMessage> Read(protobuf_texts::ReadResult read) {
    result_.lengths = ToLengths(read.prefixes);
    for (Text& text : read.texts) CS_RETURN_IF_ERROR(ReadText(text));
    for (Value& value : read.values) CS_RETURN_IF_ERROR(ReadValue(value));
    CS_RETURN_IF_ERROR(JoinRaw());
    absl::flat_hash_set<std::string> names;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      CS_RETURN_IF_ERROR(Finish(i));
      if (!names.insert(drafts_[i].tensor.name).second) {
        return Invalid(i, "has the name of another one");
      }
    }
    for (Draft& draft : drafts_) result_.tensors.push_back(std::move(draft.tensor));
    return std::move(result_);
  }

 private:
  absl::Status Invalid(std::size_t tensor, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(tensors_, "[", tensor, "] ", what));
  }

  // The place in a tensor; nullopt for other fields.
  std::optional<InTensor> FindInTensor(absl::string_view path) const {
    if (!absl::ConsumePrefix(&path, tensors_)) return std::nullopt;
    std::optional<InTensor> in = ReadIndex(path);
    if (!in || !absl::ConsumePrefix(&in->rest, ".")) return std::nullopt;
    return in;
  }

  Draft& GetDraft(std::size_t index) {
    if (index >= drafts_.size()) drafts_.resize(index + 1);  // bounded by the message's fields
    return drafts_[index];
  }

  absl::Status ReadText(Text& text) {
    const Span span{text.place.begin, text.place.end};
    const absl::string_view content = message_.substr(span.begin, span.end - span.begin);
    if (absl::StrContains(text.names, "parameters.key") &&
        absl::StartsWith(content, "shared_memory")) {
      return absl::PermissionDeniedError(
          "tensors in shared memory are not served: what is in them cannot be seen");
    }
    if (text.field != nullptr && AddRaw(text.path, span)) return absl::OkStatus();
    const std::optional<InTensor> in = FindInTensor(text.path);
    if (in && text.field != nullptr) {
      Draft& draft = GetDraft(in->index);
      if (absl::StrContains(in->rest, " of ") && !absl::StartsWith(in->rest, "parameters")) {
        return Invalid(in->index, "has a field twice");
      }
      if (in->rest == "datatype") {
        draft.tensor.datatype = std::string(content);
        draft.has_datatype = true;
        return absl::OkStatus();
      }
      if (in->rest == "name") draft.tensor.name = std::string(content);
      if (AddElement(draft, in->rest, span)) return absl::OkStatus();
    }
    result_.texts.push_back({std::move(text.path), std::move(text.names), span});
    return absl::OkStatus();
  }

  absl::Status ReadValue(Value& value) {
    const Span span{value.place.begin, value.place.end};
    if (value.known && AddRaw(value.path, span)) return absl::OkStatus();
    const std::optional<InTensor> in = FindInTensor(value.path);
    if (in && value.known) {
      Draft& draft = GetDraft(in->index);
      if (AddElement(draft, in->rest, span)) return absl::OkStatus();
      if (IsField(in->rest, "shape")) return AddDimensions(*in, value);
      if (absl::StartsWith(in->rest, "contents.")) return AddNumbers(*in, value);
    }
    result_.values.push_back(std::move(value));
    return absl::OkStatus();
  }

  // "shape" or "shape[2]"
  static bool IsField(absl::string_view rest, absl::string_view name) {
    return absl::ConsumePrefix(&rest, name) && (rest.empty() || rest.front() == '[');
  }

  bool AddRaw(absl::string_view path, Span span) {
    if (!absl::ConsumePrefix(&path, raw_)) return false;
    const std::optional<InTensor> in = ReadIndex(path);
    if (!in || !in->rest.empty()) return false;
    raw_buffers_.emplace_back(in->index, span);
    return true;
  }

  static bool AddElement(Draft& draft, absl::string_view rest, Span span) {
    if (!absl::ConsumePrefix(&rest, "contents.bytes_contents")) return false;
    const std::optional<InTensor> in = ReadIndex(rest);
    if (!in || !in->rest.empty()) return false;
    draft.elements.emplace_back(in->index, span);
    draft.contents = "bytes_contents";
    return true;
  }

  absl::Status AddDimensions(const InTensor& in, const Value& value) {
    std::vector<std::int64_t>& shape = drafts_[in.index].tensor.shape;
    if (!value.packed) {
      shape.push_back(static_cast<std::int64_t>(value.bits));
      return absl::OkStatus();
    }
    for (std::size_t at = value.place.begin; at < value.place.end;) {
      CS_ASSIGN_OR_RETURN(const std::uint64_t number,
                          protobuf_texts::ReadVarint(message_, at, value.place.end));
      shape.push_back(static_cast<std::int64_t>(number));
    }
    return absl::OkStatus();
  }

  absl::Status AddNumbers(const InTensor& in, const Value& value) {
    Draft& draft = drafts_[in.index];
    absl::string_view field = in.rest;
    absl::ConsumePrefix(&field, "contents.");
    field = field.substr(0, field.find('['));
    if (!draft.contents.empty() && draft.contents != field) {
      return Invalid(in.index, "has contents of two types");
    }
    draft.contents = std::string(field);
    draft.tensor.data.push_back({value.place.begin, value.place.end});
    if (!value.packed) {
      ++draft.values;
    } else if (field == "fp32_contents" || field == "fp64_contents") {
      draft.values += (value.place.end - value.place.begin) / (field == "fp32_contents" ? 4 : 8);
    } else {
      // The last byte of each varint has no continuation bit.
      draft.values += static_cast<std::uint64_t>(
          std::count_if(message_.begin() + static_cast<std::ptrdiff_t>(value.place.begin),
                        message_.begin() + static_cast<std::ptrdiff_t>(value.place.end),
                        [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; }));
    }
    return absl::OkStatus();
  }

  absl::Status JoinRaw() {
    if (raw_buffers_.empty()) return absl::OkStatus();
    std::sort(raw_buffers_.begin(), raw_buffers_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (!drafts_[i].contents.empty()) {
        return Invalid(i, absl::StrCat("has contents, although there are ", raw_));
      }
    }
    if (raw_buffers_.size() != drafts_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("there are ", raw_buffers_.size(), " ", raw_,
                                                     " for ", drafts_.size(), " tensors"));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(std::size_t index) {
    Draft& draft = drafts_[index];
    const Datatype* const datatype = FindDatatype(draft.tensor.datatype);
    if (datatype == nullptr) return Invalid(index, "has no known datatype");
    const std::optional<std::uint64_t> expected = CountValues(draft.tensor.shape);
    if (!expected) return Invalid(index, "has a shape that no tensor has");
    if (!raw_buffers_.empty()) return FinishRaw(index, *datatype, *expected);
    if (!draft.contents.empty() && draft.contents != datatype->contents) {
      return Invalid(index,
                     absl::StrCat("is ", draft.tensor.datatype, ", but has ", draft.contents));
    }
    std::sort(draft.elements.begin(), draft.elements.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [at, span] : draft.elements) draft.tensor.elements.push_back(span);
    return CheckCount(index, draft.tensor.elements.size() + draft.values, *expected);
  }

  absl::Status FinishRaw(std::size_t index, const Datatype& datatype, std::uint64_t expected) {
    const Span buffer = raw_buffers_[index].second;
    Tensor& tensor = drafts_[index].tensor;
    if (datatype.size > 0) {
      tensor.data.push_back(buffer);
      const std::size_t size = buffer.end - buffer.begin;
      if (size % datatype.size != 0) return Invalid(index, "has a raw buffer that is cut off");
      return CheckCount(index, size / datatype.size, expected);
    }
    if (!SplitElements(message_, buffer, tensor.elements, result_.lengths)) {
      return Invalid(index, "has an element that is cut off");
    }
    return CheckCount(index, tensor.elements.size(), expected);
  }

  absl::Status CheckCount(std::size_t index, std::uint64_t count, std::uint64_t expected) const {
    if (count == expected) return absl::OkStatus();
    return Invalid(index, absl::StrCat("has ", count, " values, and its shape says ", expected));
  }

  const absl::string_view message_;
  const std::string tensors_;
  const std::string raw_;
  std::vector<Draft> drafts_;
  std::vector<std::pair<std::size_t, Span>> raw_buffers_;
  TensorMessage result_;
};

}  // namespace

std::vector<LengthPrefix> ToLengths(const std::vector<protobuf_texts::LengthPrefix>& prefixes) {
  std::vector<LengthPrefix> lengths;
  lengths.reserve(prefixes.size());
  for (const protobuf_texts::LengthPrefix& prefix : prefixes) {
    lengths.push_back({LengthPrefix::Form::kVarint, prefix.begin, prefix.content, prefix.end});
  }
  return lengths;
}

absl::StatusOr<TensorMessage> ReadTensors(protobuf_texts::ReadResult read,
                                          absl::string_view message, const TensorFields& fields) {
  return Reader(message, fields).Read(std::move(read));
}

}  // namespace countersign::dialects::kserve
