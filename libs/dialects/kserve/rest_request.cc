#include "libs/dialects/kserve/rest_request.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/json_tensors.h"
#include "libs/dialects/kserve/prompt_parts.h"
#include "libs/dialects/kserve/rest_generate.h"
#include "libs/dialects/kserve/rest_target.h"
#include "libs/dialects/query_texts.h"
#include "libs/json/any_json.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

using json::Type;
using json::Value;

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

members::TextPlace InJson(const Value& value) {
  return {value.begin(), value.end(), members::Encoding::kPlain, ""};
}

// Puts everything in the body of an inference into its prompt. Binary data begins at `binary_at`.
class InferReader {
 public:
  InferReader(ReadCall& call, std::size_t binary_at, PromptParts& parts)
      : call_(call), body_(call.body), binary_at_(binary_at), parts_(parts) {}

  absl::Status Read(const Value& root) {
    for (std::size_t i = 0; i < root.size(); ++i) {
      const absl::string_view key = root.key(i);
      const Value value = root.at(i);
      if (key == "id") {
        CS_RETURN_IF_ERROR(AddString("id", NameKind::kNone, value));
      } else if (key == "parameters") {
        CS_RETURN_IF_ERROR(ReadParameters("", value));
      } else if (key == "inputs" || key == "outputs") {
        CS_RETURN_IF_ERROR(ReadTensors(key, value));
      } else {
        AddUnknown(key, key, value);
      }
    }
    if (binary_at_ == body_.size()) return absl::OkStatus();
    return Invalid("the binary data is longer than its tensors say");
  }

 private:
  absl::string_view Literal(const Value& value) const {
    return body_.substr(value.begin(), value.end() - value.begin());
  }

  absl::Status AddString(const std::string& path, NameKind kind, const Value& value) {
    if (!value.is(Type::kString)) return Invalid(absl::StrCat(path, " must be a string"));
    parts_.AddName(absl::StrCat("/", path), kind, value.text(), InJson(value));
    return absl::OkStatus();
  }

  void AddUnknown(absl::string_view path, absl::string_view name, const Value& value) {
    static const auto& none = *new std::vector<members::Rule>;
    static const auto& unknown = *new members::Schema("", none);
    const std::string pointer = absl::StrCat("/", path);
    if (!name.empty()) parts_.AddText(pointer, std::string(name), {});
    parts_.AddDivided(pointer, members::Divide(unknown, value, body_));
  }

  absl::Status ReadParameters(const std::string& prefix, const Value& parameters) {
    if (!parameters.is(Type::kObject)) {
      return Invalid(absl::StrCat(prefix, "parameters must be an object"));
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const absl::string_view key = parameters.key(i);
      if (absl::StartsWith(key, "shared_memory")) {
        return absl::PermissionDeniedError(
            "tensors in shared memory are not served: what is in them cannot be seen");
      }
      // It is a part of the form, and changes with what is masked.
      if (key == "binary_data_size" && absl::StartsWith(prefix, "inputs")) continue;
      const std::string path = absl::StrCat(prefix, "parameters[\"", key, "\"]");
      parts_.AddName(absl::StrCat("/", path, "#key"), NameKind::kKey, key, {});
      CS_RETURN_IF_ERROR(ReadParameter(path, prefix.empty() ? key : "", parameters.at(i)));
    }
    return absl::OkStatus();
  }

  // `name`: of a parameter of the request itself.
  absl::Status ReadParameter(const std::string& path, absl::string_view name, const Value& value) {
    const absl::string_view literal = Literal(value);
    if (value.is(Type::kString)) {
      return AddString(absl::StrCat(path, ".string_param"), NameKind::kNone, value);
    }
    if (value.is(Type::kBool)) {
      parts_.AddPlain(absl::StrCat("/", path, ".bool_param"), std::string(literal));
    } else if (value.is(Type::kNumber)) {
      if (!name.empty()) parts_.AddParameter(name, literal);
      const absl::string_view kind = value.integer() ? ".int64_param" : ".double_param";
      parts_.AddPlain(absl::StrCat("/", path, kind), std::string(literal));
    } else {
      AddUnknown(path, "", value);
    }
    return absl::OkStatus();
  }

  absl::Status ReadTensors(absl::string_view list, const Value& tensors) {
    if (!tensors.is(Type::kArray)) return Invalid(absl::StrCat(list, " must be an array"));
    absl::flat_hash_set<absl::string_view> names;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Value tensor = tensors.at(i);
      const std::string path = absl::StrCat(list, "[", i, "]");
      if (!tensor.is(Type::kObject)) return Invalid(absl::StrCat(path, " must be an object"));
      CS_RETURN_IF_ERROR(ReadMembers(path, tensor, list == "inputs"));
      if (list == "inputs") {
        CS_RETURN_IF_ERROR(ReadInput(path, tensor));
        if (!names.insert(tensor["name"].text()).second) {
          return Invalid(absl::StrCat(path, " has the name of another one"));
        }
      }
    }
    return absl::OkStatus();
  }

  // Everything of a tensor but its data.
  absl::Status ReadMembers(const std::string& path, const Value& tensor, bool input) {
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const absl::string_view key = tensor.key(i);
      const std::string member = absl::StrCat(path, ".", key);
      if (key == "name") {
        CS_RETURN_IF_ERROR(AddString(member, NameKind::kTensor, tensor.at(i)));
      } else if (key == "parameters") {
        CS_RETURN_IF_ERROR(ReadParameters(absl::StrCat(path, "."), tensor.at(i)));
      } else if (!input || (key != "datatype" && key != "shape" && key != "data")) {
        AddUnknown(member, key, tensor.at(i));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadInput(const std::string& path, const Value& tensor) {
    const auto wrong = [&](const auto&... what) {
      return Invalid(absl::StrCat(path, " ", what...));
    };
    if (!tensor["name"].is(Type::kString)) return wrong("must have a name");
    const Datatype* const datatype = FindDatatype(tensor["datatype"].text());
    if (datatype == nullptr) return wrong("has no known datatype");
    const auto shape = ReadShape(tensor["shape"]);
    const auto expected = shape ? CountValues(*shape) : std::nullopt;
    if (!expected) return wrong("has a shape that no tensor has");
    const std::string pointer = MakeInputPointer(tensor["name"].text());
    const std::string form = DescribeTensor(datatype->name, *shape);
    const bool binary = tensor["parameters"]["binary_data_size"].exists();
    if (binary == tensor["data"].exists()) return wrong("must have data in one form");
    const auto count = binary ? ReadBinary(tensor, *datatype, pointer, form)
                              : ReadData(tensor["data"], *datatype, pointer, form);
    if (!count) return wrong("has data that is cut off, or not of its datatype");
    if (*count == *expected) return absl::OkStatus();
    return wrong("has ", *count, " values, and its shape says ", *expected);
  }

  // The number of values; nullopt when they cannot be read.
  std::optional<std::uint64_t> ReadData(const Value& data, const Datatype& datatype,
                                        const std::string& pointer, const std::string& form) {
    if (!data.is(Type::kArray)) return std::nullopt;
    const std::vector<Value> values = FlattenData(data);
    if (datatype.size > 0) {
      const std::optional<std::string> raw = WriteRaw(datatype, values, body_);
      if (!raw) return std::nullopt;
      parts_.AddTensor(pointer, form, *raw);
      return values.size();
    }
    parts_.AddPlain(absl::StrCat(pointer, "/datatype"), json::Quote(form));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].is(Type::kString)) return std::nullopt;
      parts_.AddName(absl::StrCat(pointer, "/", i), NameKind::kNone, values[i].text(),
                     InJson(values[i]));
    }
    return values.size();
  }

  std::optional<std::uint64_t> ReadBinary(const Value& tensor, const Datatype& datatype,
                                          const std::string& pointer, const std::string& form) {
    const std::optional<BinarySize> size = ReadBinarySize(tensor);
    if (!size || size->bytes > body_.size() - binary_at_) return std::nullopt;
    const Span region{binary_at_, binary_at_ + size->bytes};
    binary_at_ = region.end;
    call_.sizes.push_back({size->value.begin(), size->value.end(), region.begin, region.end});
    if (datatype.size > 0) {
      if (size->bytes % datatype.size != 0) return std::nullopt;
      parts_.AddTensor(pointer, form, body_.substr(region.begin, size->bytes));
      return size->bytes / datatype.size;
    }
    std::vector<Span> elements;
    if (!SplitElements(body_, region, elements, call_.lengths)) return std::nullopt;
    parts_.AddPlain(absl::StrCat(pointer, "/datatype"), json::Quote(form));
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Span span = elements[i];
      parts_.AddBytes(absl::StrCat(pointer, "/", i),
                      body_.substr(span.begin, span.end - span.begin), span);
    }
    return elements.size();
  }

  ReadCall& call_;
  const absl::string_view body_;
  std::size_t binary_at_;
  PromptParts& parts_;
};

absl::string_view FindHeader(const IncomingRequest& request, absl::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

absl::Status ReadBody(const IncomingRequest& request, const RestTarget& target, PromptParts& parts,
                      ReadCall& call) {
  const absl::string_view encoding = FindHeader(request, "content-encoding");
  if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity")) {
    return Invalid(absl::StrCat("content-encoding ", encoding, " is not supported"));
  }
  call.body = request.body;
  std::size_t json_size = call.body.size();
  if (const absl::string_view value = FindHeader(request, kHeadSizeHeader); !value.empty()) {
    const std::optional<std::size_t> size = ReadHeadSize(value, call.body.size());
    if (!size) return Invalid(absl::StrCat(kHeadSizeHeader, " does not fit the body"));
    json_size = *size;
    call.head_size = HeadSize{std::string(kHeadSizeHeader), *size};
    call.content_type = "application/octet-stream";
  }
  const absl::string_view text = absl::string_view(call.body).substr(0, json_size);
  const absl::StatusOr<json::Document> document =
      json::ParseAnyJson(text, json::BodyLimits(json_size));
  if (!document.ok()) {
    return Invalid(absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  const Value root = document->root();
  if (!root.is(Type::kObject)) return Invalid("the body must be a JSON object");
  const bool tensors = root["inputs"].at(0).is(Type::kObject);
  if (target.body == RestTarget::Body::kGenerate && !tensors) {
    if (json_size != call.body.size()) return Invalid("a generate request has no binary data");
    ReadGenerate(root, call.body, parts);
    return absl::OkStatus();
  }
  return InferReader(call, json_size, parts).Read(root);
}

}  // namespace

absl::StatusOr<ReadCall> ReadRestCall(const IncomingRequest& request) {
  if (request.connection != nullptr && absl::StartsWith(request.connection->url, "grpc")) {
    return absl::NotFoundError("the connection's server speaks gRPC: /v2 needs an http(s) URL");
  }
  CS_ASSIGN_OR_RETURN(RestTarget target, ReadRestTarget(request.method, request.path));
  ReadCall call;
  PromptParts parts;
  const bool infers = target.body != RestTarget::Body::kNone;
  if (!target.model.empty()) {
    parts.AddName(infers ? "/model_name" : "/name", NameKind::kModel, target.model, {});
  }
  if (!target.version.empty()) {
    parts.AddName(infers ? "/model_version" : "/version", NameKind::kVersion, target.version, {});
  }
  if (infers) CS_RETURN_IF_ERROR(ReadBody(request, target, parts, call));
  domain::Prompt prompt = parts.Take(call);
  prompt.operation = std::move(target.operation);
  prompt.stream = target.stream;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = std::move(target.method);
  call.upstream_path = std::move(target.upstream_path);
  CS_RETURN_IF_ERROR(AddQuery(request.query, call));
  return call;
}

}  // namespace countersign::dialects::kserve
