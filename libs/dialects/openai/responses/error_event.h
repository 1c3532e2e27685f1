#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/dialects/caller_error.h"

namespace countersign::dialects::openai::responses {

// The event that ends a response's stream with an error: that of the API, with the members that
// OpenAI documents and, as its servers send it, the error as an object. SDKs raise the latter.
std::string WriteErrorEvent(const CallerError& error, std::int64_t number);

// The same for `body`, an upstream's error. Nothing when it is no error.
std::optional<std::string> WriteErrorEvent(absl::string_view body, std::int64_t number);

}  // namespace countersign::dialects::openai::responses
