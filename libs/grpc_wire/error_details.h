#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/status.h"

// The messages of google.rpc that describe an error, encoded without protobuf's library.
namespace countersign::grpc_wire {

// The domain of this project's reasons (libs/base/status.h).
inline constexpr absl::string_view kErrorDomain = "countersign";

// The most bytes of violations that fit into trailers beside a message: fields and descriptions.
inline constexpr std::size_t kMostViolationBytes = 1u << 10;

struct ErrorDetails {
  std::string reason;                                         // google.rpc.ErrorInfo; empty: none
  std::vector<std::pair<std::string, std::string>> metadata;  // of the ErrorInfo; needs a reason
  absl::Duration retry_after = absl::ZeroDuration();          // google.rpc.RetryInfo; zero: none
  std::vector<FieldViolation> violations;                     // google.rpc.BadRequest; empty: none
};

// A google.rpc.Status with the code and message of `status`, serialised: the bytes of
// `grpc-status-details-bin`. "" without any detail.
std::string EncodeStatus(const absl::Status& status, const ErrorDetails& details);

// A google.rpc.ErrorInfo of this project's domain, serialised.
std::string EncodeErrorInfo(absl::string_view reason,
                            const std::vector<std::pair<std::string, std::string>>& metadata = {});

// A google.rpc.BadRequest, serialised, of as many violations as fit.
std::string EncodeBadRequest(const std::vector<FieldViolation>& violations);

}  // namespace countersign::grpc_wire
