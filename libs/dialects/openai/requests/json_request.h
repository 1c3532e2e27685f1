#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/members/schema.h"
#include "libs/domain/prompt.h"
#include "libs/json/document.h"

// What all of OpenAI's requests with a JSON body have in common.
namespace countersign::dialects::openai::requests {

// The request's body without a byte order mark. INVALID_ARGUMENT when it is compressed.
absl::StatusOr<std::string> ReadBody(const IncomingRequest& request);

// `body` as an object. INVALID_ARGUMENT when it is no JSON, or no object.
absl::StatusOr<json::Document> ParseObject(absl::string_view body);

// Sets the prompt's model. INVALID_ARGUMENT when there is none.
absl::Status ReadModel(const json::Value& root, domain::Prompt& prompt);

// Sets the prompt's `stream`. INVALID_ARGUMENT when the member is no flag.
absl::Status ReadStream(const json::Value& root, domain::Prompt& prompt);

// Adds all numbers to the prompt's parameters. INVALID_ARGUMENT when one of `names` is none.
absl::Status ReadNumbers(const json::Value& root, absl::Span<const absl::string_view> names,
                         domain::Prompt& prompt);

// Adds the texts, media and plain members of `root`, parsed from call.body, and sets call.prompt.
void Divide(const members::Schema& schema, const json::Value& root, domain::Prompt prompt,
            ReadCall& call);

}  // namespace countersign::dialects::openai::requests
