#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::kserve {

// Reads a call over REST. Texts, media and members are those of the same call over gRPC
// (rpc_request.h), under the same names; a tensor in JSON has the digest of its raw buffer. Of the
// binary extension the sizes are written anew around replaced texts.
//
// Members that the protocol does not have are texts with all that is in them, and so are the names
// of inputs in a body of Triton's generate extension that are not known.
//
// NOT_FOUND, PERMISSION_DENIED and INVALID_ARGUMENT as there; NOT_FOUND also when the connection's
// URL says gRPC.
absl::StatusOr<ReadCall> ReadRestCall(const IncomingRequest& request);

}  // namespace countersign::dialects::kserve
