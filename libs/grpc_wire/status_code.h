#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::grpc_wire {

// The Connect protocol's name of a code: "not_found"; "unknown" for numbers that are no code.
absl::string_view ConnectName(absl::StatusCode code);

// The HTTP status with which a response of the Connect protocol has a code: 404.
int ToHttpStatus(absl::StatusCode code);

}  // namespace countersign::grpc_wire
