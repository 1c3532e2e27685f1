#include "libs/dialects/grpc_service/token_ids.h"

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"

namespace countersign::dialects::grpc_service {
namespace {

using protobuf_texts::FieldType;

bool IsName(absl::string_view name) {
  return name == "input_ids" || name == "output_ids" ||
         (absl::EndsWith(name, "token_ids") && name != "stop_token_ids");
}

bool IsInteger(FieldType type) {
  switch (type) {
    case FieldType::kInt32:
    case FieldType::kInt64:
    case FieldType::kUint32:
    case FieldType::kUint64:
    case FieldType::kSint32:
    case FieldType::kSint64:
    case FieldType::kFixed32:
    case FieldType::kFixed64: return true;
    default: return false;
  }
}

}  // namespace

bool IsTokenIds(const protobuf_texts::Value& value) {
  if (!value.known || !IsInteger(value.type)) return false;
  absl::string_view name = value.path;
  name = name.substr(name.rfind('.') + 1);
  return IsName(name.substr(0, name.find('[')));
}

bool HasTokenIds(const protobuf_texts::MessageType& type) {
  absl::flat_hash_set<const protobuf_texts::MessageType*> seen = {&type};
  std::vector<const protobuf_texts::MessageType*> left = {&type};
  while (!left.empty()) {
    const protobuf_texts::MessageType& next = *left.back();
    left.pop_back();
    for (const protobuf_texts::Field& field : next.fields()) {
      if (IsInteger(field.type) && IsName(field.name)) return true;
      if (field.message != nullptr && seen.insert(field.message).second) {
        left.push_back(field.message);
      }
    }
  }
  return false;
}

}  // namespace countersign::dialects::grpc_service
