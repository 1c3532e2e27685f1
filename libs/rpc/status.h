#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

// Converts between absl::Status and grpc::Status. Codes map one to one; a reason
// (libs/base/status.h) is sent as google.rpc.ErrorInfo, domain "countersign", in the status
// details.
namespace countersign::rpc {

// Truncates messages longer than 6 KiB, because trailers are limited.
grpc::Status ToGrpc(const absl::Status& status);

// Codes other than gRPC's sixteen become UNKNOWN.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace countersign::rpc
