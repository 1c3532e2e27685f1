#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::openai {

// Reads the body of a POST to /v1/chat/completions.
//
// Which values are text or media is defined by members/partition.h, with the schema of
// request_schema.h.
//
// INVALID_ARGUMENT says what is wrong and where: not JSON, a duplicate member, an unknown role, a
// number that is sent as a string (which servers read differently).
absl::StatusOr<ReadCall> ReadChatCompletion(const IncomingRequest& request);

}  // namespace countersign::dialects::openai
