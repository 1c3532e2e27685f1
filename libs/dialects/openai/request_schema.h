#pragma once

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::openai {

// The members of a request to /v1/chat/completions: OpenAI's, and those that servers of its
// protocol have added. docs/what-is-judged.md is made of it.
const members::Schema& ChatCompletionSchema();

}  // namespace countersign::dialects::openai
