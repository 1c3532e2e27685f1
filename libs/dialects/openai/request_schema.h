#pragma once

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::openai {

// The members of a request to /v1/chat/completions: OpenAI's, and those of compatible servers.
// docs/what-is-judged.md is generated from it.
const members::Schema& ChatCompletionSchema();

}  // namespace countersign::dialects::openai
