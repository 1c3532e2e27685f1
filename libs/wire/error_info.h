#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::wire {

// The value of `grpc-status-details-bin`: a google.rpc.Status with the reason of `status`
// (libs/base/status.h) as google.rpc.ErrorInfo, domain "countersign". "" without a reason. It
// contains no message, because `grpc-message` has it.
std::string StatusDetails(const absl::Status& status);

// The reason in such a value; "" when it is malformed or of another domain.
std::string ReasonFromDetails(absl::string_view details);

}  // namespace countersign::wire
