#pragma once

#include "absl/strings/string_view.h"
#include "libs/protobuf_texts/schema.h"

// The messages and methods of KServe's V2 protocol over gRPC that the gateway serves, with Triton's
// ModelStreamInfer.
namespace countersign::dialects::kserve {

inline constexpr absl::string_view kService = "/inference.GRPCInferenceService/";

// Built once; lives as long as the process.
const protobuf_texts::Schema& GetSchema();

}  // namespace countersign::dialects::kserve
