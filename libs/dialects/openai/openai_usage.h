#pragma once

#include "libs/dialects/dialect.h"
#include "libs/json/document.h"

namespace countersign::dialects {

// Takes the counts of an answer's `usage` member, when it is there and makes sense.
void ReadUsage(const json::Value& usage, Usage& into);

}  // namespace countersign::dialects
