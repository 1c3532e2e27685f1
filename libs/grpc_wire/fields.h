#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// The header and trailer fields of gRPC over HTTP/2, and of gRPC-Web.
namespace countersign::grpc_wire {

enum class Protocol {
  kNone,         // another content-type
  kUnsupported,  // gRPC, with messages that are not protobuf's: application/grpc+json
  kGrpc,         // application/grpc, application/grpc+proto
  kWeb,          // application/grpc-web, application/grpc-web+proto
  kWebText,      // application/grpc-web-text, application/grpc-web-text+proto: all in base64
};

// Parameters after ';' and case do not matter.
Protocol ParseContentType(absl::string_view content_type);

// `grpc-timeout`: at most eight digits and a unit (H M S m u n). INVALID_ARGUMENT for all else.
absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view value);
// In the finest unit in which it fits, not rounded up. REQUIRES: `timeout` is not negative.
std::string FormatTimeout(absl::Duration timeout);

// `grpc-message`: bytes outside of printable ASCII, and '%', as %XX. Decoding never fails: a '%'
// without two hexadecimal digits stands for itself.
std::string PercentEncode(absl::string_view message);
std::string PercentDecode(absl::string_view value);

// The value of a `-bin` field: base64, sent without padding, read with or without it.
// INVALID_ARGUMENT for other characters, wrong lengths and bits that are left over.
std::string EncodeBinary(absl::string_view bytes);
absl::StatusOr<std::string> DecodeBinary(absl::string_view value);

// Whether the comma-separated list of `grpc-accept-encoding` has `encoding`.
bool Accepts(absl::string_view list, absl::string_view encoding);

}  // namespace countersign::grpc_wire
