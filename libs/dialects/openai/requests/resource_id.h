#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/prompt.h"

// Requests that name something that the provider keeps, by its id in the path.
namespace countersign::dialects::openai::requests {

// The id in `segment` of a path, at most 128 letters, digits, `-` and `_`. Unless it has the form
// of generated ones, `prefix` and letters and digits, it is a text of the prompt, at "/:id".
// NOT_FOUND when it is no id.
absl::StatusOr<std::string> ReadResourceId(absl::string_view segment, absl::string_view prefix,
                                           domain::Prompt& prompt, ReadCall& call);

// INVALID_ARGUMENT unless the body is empty, or an object without members. It is not forwarded.
absl::Status CheckEmptyBody(const IncomingRequest& request);

}  // namespace countersign::dialects::openai::requests
