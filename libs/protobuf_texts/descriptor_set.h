#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/protobuf_texts/schema.h"

namespace countersign::protobuf_texts {

struct DescriptorLimits {
  std::size_t bytes = 4u << 20;
  std::size_t files = 1024;
  std::size_t messages = 16384;
  std::size_t fields = 131072;
};

// The schema of a serialized google.protobuf.FileDescriptorSet, as `protoc --include_imports
// --descriptor_set_out` writes it: syntax proto2, proto3 and editions. Extensions are fields of
// what they extend, named `[package.name]`. INVALID_ARGUMENT with where and what when it is
// malformed, too large or incomplete.
absl::StatusOr<std::unique_ptr<const Schema>> ReadDescriptorSet(
    absl::string_view set, const DescriptorLimits& limits = {});

}  // namespace countersign::protobuf_texts
