// A descriptor set gives a schema that contradicts nothing, or an error. Input: bytes.

#include "libs/protobuf_texts/descriptor_set.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {

void Run(Input input) {
  const absl::string_view bytes = input.Rest();
  protobuf_texts::DescriptorLimits limits;
  limits.messages = 64;
  const auto schema = protobuf_texts::ReadDescriptorSet(bytes, limits);
  if (!schema.ok()) {
    Require(!schema.status().message().empty(), "no error", bytes);
    return;
  }
  for (const auto& [path, method] : (*schema)->methods()) {
    Require(method.input != nullptr && method.output != nullptr, "no type", path);
    Require((*schema)->FindMessage(method.input->name()) == method.input, "another type", path);
    for (const protobuf_texts::Field& field : method.input->fields()) {
      Require(method.input->FindField(field.number) == &field, "another field", field.name);
      const bool message = field.type == protobuf_texts::FieldType::kMessage ||
                           field.type == protobuf_texts::FieldType::kGroup;
      Require(message == (field.message != nullptr), "a field without its type", field.name);
    }
  }
}

}  // namespace countersign::fuzz
