#pragma once

#include "libs/dialects/dialect.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {

// Copies the counts of an answer's `usage` member to `result`, if it is an object.
void ReadUsage(const json::Value& usage, Usage& result);

}  // namespace countersign::dialects::openai
