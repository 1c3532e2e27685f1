#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::kserve {

// Reads a call over gRPC: a body of one message in its frame.
//
// Texts are the elements of BYTES tensors, `/inputs/<name>/<element>`, with string parameters, ids
// and all strings of unknown fields. Names and versions are texts, too, unless they have the form
// of names. Elements that are not UTF-8 are media, and, unless they begin like a known format, also
// texts that cannot be replaced. All other tensors are media: by digest, datatype and shape.
//
// NOT_FOUND for other methods; PERMISSION_DENIED for those that control the server or use its
// shared memory; INVALID_ARGUMENT says what is wrong and where.
absl::StatusOr<ReadCall> ReadRpcCall(const IncomingRequest& request);

}  // namespace countersign::dialects::kserve
