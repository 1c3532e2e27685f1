#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::wire {

// The value of `grpc-status-details-bin`: a google.rpc.Status with the reason of `status`
// (libs/base/status.h) as google.rpc.ErrorInfo, domain "countersign", and its violations, as many
// as fit, as google.rpc.BadRequest. "" without any. It contains no message, because `grpc-message`
// has it.
std::string StatusDetails(const absl::Status& status);

// `status` with what such a value says. One that is malformed or of another domain says nothing.
absl::Status WithDetails(absl::Status status, absl::string_view details);

}  // namespace countersign::wire
