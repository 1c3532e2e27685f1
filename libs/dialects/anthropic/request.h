#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::anthropic {

// Reads a request of Anthropic's API: POST /v1/messages, /v1/messages/count_tokens and
// /v1/messages/batches, and the requests without a body for models and batches. NOT_FOUND for other
// paths, PERMISSION_DENIED for files, INVALID_ARGUMENT for a body that cannot be read.
//
// A batch is one prompt with the texts of all its entries: it is decided, held and masked as a
// whole. All entries must name one model, because policies and connections know one model per call.
absl::StatusOr<ReadCall> ReadRequest(const IncomingRequest& request);

}  // namespace countersign::dialects::anthropic
