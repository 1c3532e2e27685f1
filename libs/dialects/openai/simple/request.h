#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"

// Requests without messages: completions, embeddings, moderations.
namespace countersign::dialects::openai::simple {

// Reads a request for `path`, without a slash at its end. nullopt when it is none of these; errors
// as of Dialect::Read. Token ids in the place of text are refused: what they say depends on the
// model.
absl::StatusOr<std::optional<ReadCall>> Read(const IncomingRequest& request,
                                             absl::string_view path);

}  // namespace countersign::dialects::openai::simple
