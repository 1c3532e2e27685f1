#pragma once

#include "absl/status/status.h"
#include "libs/dialects/dialect.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai::requests {

// Asks the upstream to report the usage of a stream, so that the record has it exactly, unless the
// connection says otherwise. `root` is the body of `call`. INVALID_ARGUMENT when its
// `stream_options` are malformed.
absl::Status RequestUsage(const IncomingRequest& request, const json::Value& root, ReadCall& call);

}  // namespace countersign::dialects::openai::requests
