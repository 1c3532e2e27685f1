#pragma once

#include <string>

#include "libs/dialects/caller_error.h"

namespace countersign::edge::admin {

// The body of an error for callers of admin and review RPCs, in the Connect protocol's unary form:
// {"code","message"} with Connect's code.
std::string ConnectErrorBody(const dialects::CallerError& error);

}  // namespace countersign::edge::admin
