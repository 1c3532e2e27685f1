#pragma once

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::openai::responses {

// The members of a request for a response.
const members::Schema& ResponsesSchema();

}  // namespace countersign::dialects::openai::responses
