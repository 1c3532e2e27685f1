#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

// absl::Status ⇄ grpc::Status. Codes map one to one; a reason (libs/base/status.h) travels as
// google.rpc.ErrorInfo, domain "countersign", in the status details.
namespace countersign::rpc {

// A message longer than 6 KiB is cut: it travels in trailers, whose size is limited.
grpc::Status ToGrpc(const absl::Status& status);

// A code outside of gRPC's sixteen becomes UNKNOWN.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace countersign::rpc
