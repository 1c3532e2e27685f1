#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Server reflection (grpc.reflection.v1): describes the services for callers and what the edge
// itself serves. Services between the parts of the gateway are left out of their files.
namespace countersign::edge::grpc_calls {

// See RpcBackend.
const std::vector<std::string>& PublicServiceNames();
absl::StatusOr<std::string> AnswerReflection(absl::string_view request);

}  // namespace countersign::edge::grpc_calls
