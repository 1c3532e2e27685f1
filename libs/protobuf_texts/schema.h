#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Messages and methods as values, from a table in the code or from descriptors.
namespace countersign::protobuf_texts {

// In the order of descriptor.proto.
enum class FieldType {
  kDouble,
  kFloat,
  kInt64,
  kUint64,
  kInt32,
  kFixed64,
  kFixed32,
  kBool,
  kString,
  kGroup,
  kMessage,
  kBytes,
  kUint32,
  kEnum,
  kSfixed32,
  kSfixed64,
  kSint32,
  kSint64,
};
absl::string_view ToString(FieldType type);  // as in a proto file: "int32"

struct FieldSpec {
  std::uint32_t number = 0;
  std::string name;
  FieldType type = FieldType::kString;
  bool repeated = false;
  std::string message;  // kMessage, kGroup: the full name of its type
  std::string oneof;    // "": none
};

struct MessageSpec {
  std::string name;  // full, without a leading dot
  std::vector<FieldSpec> fields;
  // An entry of a map: field 1 is the key, field 2 the value. A map is a repeated field of it.
  bool map_entry = false;
};

struct MethodSpec {
  std::string path;   // "/package.Service/Method"
  std::string input;  // full names of messages
  std::string output;
  bool client_streams = false;
  bool server_streams = false;
};

class MessageType;

struct Field {
  std::uint32_t number = 0;
  std::string name;
  FieldType type = FieldType::kString;
  bool repeated = false;
  std::string oneof;
  const MessageType* message = nullptr;  // kMessage, kGroup

  bool IsMap() const;
};

class MessageType {
 public:
  const std::string& name() const { return name_; }
  bool map_entry() const { return map_entry_; }
  // In the order of their numbers.
  const std::vector<Field>& fields() const { return fields_; }
  const Field* FindField(std::uint32_t number) const;  // null: the type has no such field
  const Field* FindField(absl::string_view name) const;
  // Its integer field `index`, by which elements of a stream's messages are known; null: none.
  const Field* index_field() const { return index_field_; }

 private:
  friend class Schema;
  std::string name_;
  bool map_entry_ = false;
  std::vector<Field> fields_;
  const Field* index_field_ = nullptr;
};

struct Method {
  std::string path;
  const MessageType* input = nullptr;
  const MessageType* output = nullptr;
  bool client_streams = false;
  bool server_streams = false;
};

// Immutable, thread-safe; what it returns lives as long as it.
class Schema {
 public:
  // INVALID_ARGUMENT, with the name, when two types, fields of a type or methods have one name or
  // number, or when a type is missing.
  static absl::StatusOr<std::unique_ptr<const Schema>> Make(std::vector<MessageSpec> messages,
                                                            std::vector<MethodSpec> methods = {});

  const MessageType* FindMessage(absl::string_view full_name) const;
  const Method* FindMethod(absl::string_view path) const;
  // Whether any method's path begins with "/`service`/".
  bool HasService(absl::string_view service) const;
  const absl::flat_hash_map<std::string, Method>& methods() const { return methods_; }

 private:
  Schema() = default;
  absl::Status AddMessage(MessageSpec spec);
  absl::Status Link(const std::vector<MessageSpec>& messages);
  absl::Status AddMethod(MethodSpec spec);

  absl::flat_hash_map<std::string, std::unique_ptr<MessageType>> messages_;
  absl::flat_hash_map<std::string, Method> methods_;
};

}  // namespace countersign::protobuf_texts
