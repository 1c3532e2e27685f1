#pragma once

#include "libs/json/document.h"
#include "services/edge/dialect.h"

namespace countersign::edge {

// Takes the counts of an answer's `usage` member, when it is there and makes sense.
void ReadUsage(const json::Value& usage, Usage& into);

}  // namespace countersign::edge
