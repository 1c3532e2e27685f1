#include "libs/protobuf_texts/schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::protobuf_texts {
namespace {

bool HasMessage(FieldType type) { return type == FieldType::kMessage || type == FieldType::kGroup; }

const Field* FindIndex(const MessageType& type) {
  const Field* field = type.FindField(absl::string_view("index"));
  if (field == nullptr || field->repeated) return nullptr;
  switch (field->type) {
    case FieldType::kInt32:
    case FieldType::kInt64:
    case FieldType::kUint32:
    case FieldType::kUint64: return field;
    default: return nullptr;
  }
}

absl::Status CheckMapEntry(const MessageType& type) {
  const Field* key = type.FindField(1u);
  const Field* value = type.FindField(2u);
  if (key != nullptr && value != nullptr && type.fields().size() == 2 && !key->repeated &&
      !value->repeated && !HasMessage(key->type)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(type.name(), ": an entry of a map has a key, 1, and a value, 2"));
}

}  // namespace

absl::string_view ToString(FieldType type) {
  switch (type) {
    case FieldType::kDouble: return "double";
    case FieldType::kFloat: return "float";
    case FieldType::kInt64: return "int64";
    case FieldType::kUint64: return "uint64";
    case FieldType::kInt32: return "int32";
    case FieldType::kFixed64: return "fixed64";
    case FieldType::kFixed32: return "fixed32";
    case FieldType::kBool: return "bool";
    case FieldType::kString: return "string";
    case FieldType::kBytes: return "bytes";
    case FieldType::kMessage: return "message";
    case FieldType::kGroup: return "group";
    case FieldType::kUint32: return "uint32";
    case FieldType::kEnum: return "enum";
    case FieldType::kSfixed32: return "sfixed32";
    case FieldType::kSfixed64: return "sfixed64";
    case FieldType::kSint32: return "sint32";
    case FieldType::kSint64: return "sint64";
  }
  return "";
}

bool Field::IsMap() const { return repeated && message != nullptr && message->map_entry(); }

const Field* MessageType::FindField(std::uint32_t number) const {
  const auto at =
      std::lower_bound(fields_.begin(), fields_.end(), number,
                       [](const Field& field, std::uint32_t n) { return field.number < n; });
  return at != fields_.end() && at->number == number ? &*at : nullptr;
}

const Field* MessageType::FindField(absl::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<const Schema>> Schema::Make(std::vector<MessageSpec> messages,
                                                           std::vector<MethodSpec> methods) {
  std::unique_ptr<Schema> schema(new Schema);
  for (const MessageSpec& spec : messages) CS_RETURN_IF_ERROR(schema->AddMessage(spec));
  CS_RETURN_IF_ERROR(schema->Link(messages));
  for (MethodSpec& spec : methods) CS_RETURN_IF_ERROR(schema->AddMethod(std::move(spec)));
  return std::unique_ptr<const Schema>(std::move(schema));
}

absl::Status Schema::AddMessage(MessageSpec spec) {
  auto type = std::make_unique<MessageType>();
  type->name_ = spec.name;
  type->map_entry_ = spec.map_entry;
  for (FieldSpec& field : spec.fields) {
    if (type->FindField(absl::string_view(field.name)) != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(spec.name, ": two fields are named ", field.name));
    }
    type->fields_.push_back({field.number, std::move(field.name), field.type, field.repeated,
                             std::move(field.oneof), nullptr});
  }
  std::sort(type->fields_.begin(), type->fields_.end(),
            [](const Field& a, const Field& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < type->fields_.size(); ++i) {
    if (type->fields_[i - 1].number == type->fields_[i].number) {
      return absl::InvalidArgumentError(
          absl::StrCat(spec.name, ": two fields have the number ", type->fields_[i].number));
    }
  }
  type->index_field_ = FindIndex(*type);
  if (!messages_.emplace(spec.name, std::move(type)).second) {
    return absl::InvalidArgumentError(absl::StrCat(spec.name, ": two messages have this name"));
  }
  return absl::OkStatus();
}

absl::Status Schema::Link(const std::vector<MessageSpec>& messages) {
  for (const MessageSpec& spec : messages) {
    MessageType& type = *messages_.at(spec.name);
    for (const FieldSpec& field : spec.fields) {
      if (!HasMessage(field.type)) continue;
      const auto at = std::find_if(type.fields_.begin(), type.fields_.end(),
                                   [&](const Field& f) { return f.number == field.number; });
      at->message = FindMessage(field.message);
      if (at->message == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat(spec.name, ".", at->name, ": no message ", field.message));
      }
    }
    if (spec.map_entry) CS_RETURN_IF_ERROR(CheckMapEntry(type));
  }
  return absl::OkStatus();
}

absl::Status Schema::AddMethod(MethodSpec spec) {
  const MessageType* input = FindMessage(spec.input);
  const MessageType* output = FindMessage(spec.output);
  if (input == nullptr || output == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(spec.path, ": no message ", input == nullptr ? spec.input : spec.output));
  }
  Method method{spec.path, input, output, spec.client_streams, spec.server_streams};
  if (!methods_.emplace(spec.path, std::move(method)).second) {
    return absl::InvalidArgumentError(absl::StrCat(spec.path, ": two methods have this path"));
  }
  return absl::OkStatus();
}

const MessageType* Schema::FindMessage(absl::string_view full_name) const {
  const auto at = messages_.find(full_name);
  return at == messages_.end() ? nullptr : at->second.get();
}

const Method* Schema::FindMethod(absl::string_view path) const {
  const auto at = methods_.find(path);
  return at == methods_.end() ? nullptr : &at->second;
}

bool Schema::HasService(absl::string_view service) const {
  const std::string prefix = absl::StrCat("/", service, "/");
  return std::any_of(methods_.begin(), methods_.end(),
                     [&](const auto& entry) { return absl::StartsWith(entry.first, prefix); });
}

}  // namespace countersign::protobuf_texts
