#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::pass_through {

inline constexpr char kOperation[] = "passThrough";

// Reads a request of which nothing is known but its path, which its connection lists. Everything
// that is text is judged: each string, number and name of a JSON body, a body of another type that
// is UTF-8, the path, and the query. A body of other bytes is media. The number of its bytes is the
// parameter `body_bytes`. NOT_FOUND when the connection does not list the path, INVALID_ARGUMENT
// when the method is none of GET, POST, PUT, PATCH and DELETE, or the body is not of its type.
absl::StatusOr<ReadCall> Read(const IncomingRequest& request);

}  // namespace countersign::dialects::pass_through
