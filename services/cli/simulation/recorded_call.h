#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/principal.h"
#include "libs/domain/prompt.h"
#include "libs/domain/resources.h"

namespace countersign::cli::simulation {

// A call as its session's `request` event tells it (libs/domain/event_payload.h).
struct RecordedCall {
  domain::Principal principal;  // without roles: these are the bindings' of a set of resources
  std::string connection;
  std::string method;
  std::string path;
  std::string body;
  domain::Prompt prompt;  // its operation, model and texts: parameters are in the body alone
};

// Reads the payload of a `request` event. INVALID_ARGUMENT for any other.
absl::StatusOr<RecordedCall> ReadRecordedCall(absl::string_view payload);

// The prompt of `call` as the gateway reads it for `connection`: its dialect reads the recorded
// body again. INVALID_ARGUMENT when the body cannot be read, and FAILED_PRECONDITION when other
// texts than the recorded ones are read from it, because then another prompt would be judged.
absl::StatusOr<domain::Prompt> ReadPromptAgain(const RecordedCall& call,
                                               const domain::Connection& connection);

}  // namespace countersign::cli::simulation
