#pragma once

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::openai {

// Reads the body of a POST to /v1/chat/completions.
//
// Every string that the model or its operator can see becomes a text part, also in members that
// nobody knows: a text that no policy reads would be a way around the policies. Names of unknown
// members count as texts too. Not texts: identifiers (model, ids, types, tool choice), and inline
// media (data: URLs, base64 audio and files), which no policy of texts can judge.
//
// INVALID_ARGUMENT says what is wrong and where: not JSON, a member twice, a role that nobody
// defined, a number that is sent as a string (which servers read differently).
absl::StatusOr<ReadCall> ReadChatCompletion(const IncomingRequest& request);

}  // namespace countersign::dialects::openai
