#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::grpc_wire {

// `bytes` as one gzip member (RFC 1952), compressed fast rather than small.
std::string Gzip(absl::string_view bytes);

// The content of one or more gzip members. RESOURCE_EXHAUSTED as soon as it has more than
// `max_bytes`; INVALID_ARGUMENT when `bytes` are not whole members, or are followed by others.
// Memory and time are bounded by `max_bytes` and the size of `bytes`.
absl::StatusOr<std::string> Gunzip(absl::string_view bytes, std::size_t max_bytes);

}  // namespace countersign::grpc_wire
