#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"

// Requests for responses, and for what the provider keeps of them.
namespace countersign::dialects::openai::responses {

// Reads a request for `path` ("/v1/responses…", without a slash at its end). nullopt when there is
// no such request; errors as of Dialect::Read.
//
//   POST   /v1/responses                   responses
//   POST   /v1/responses/input_tokens      responses.input_tokens
//   POST   /v1/responses/compact           responses.compact
//   GET    /v1/responses/ID                responses.get, also streamed
//   DELETE /v1/responses/ID                responses.delete
//   POST   /v1/responses/ID/cancel         responses.cancel
//   GET    /v1/responses/ID/input_items    responses.input_items
//
// An id is forwarded as one segment of the path. One that is not generated is a text for policies.
absl::StatusOr<std::optional<ReadCall>> Read(const IncomingRequest& request,
                                             absl::string_view path);

// True for the operations above.
bool IsOperation(absl::string_view operation);

}  // namespace countersign::dialects::openai::responses
