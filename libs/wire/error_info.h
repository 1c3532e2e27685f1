#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::wire {

inline constexpr absl::string_view kErrorDomain = "countersign";
inline constexpr absl::string_view kErrorInfoType = "google.rpc.ErrorInfo";

// The bytes of `grpc-status-details-bin`: a google.rpc.Status with the reason of `status`
// (libs/base/status.h) as google.rpc.ErrorInfo, domain "countersign". "" when it has no reason. The
// message is left out: it travels beside them, in `grpc-message`.
std::string StatusDetails(const absl::Status& status);

// The reason in such bytes; "" when they hold none of our domain or cannot be read.
std::string ReasonFromDetails(absl::string_view details);

// A google.rpc.ErrorInfo of `reason`, serialised.
std::string ErrorInfoBytes(absl::string_view reason);

}  // namespace countersign::wire
