#pragma once

#include "libs/dialects/dialect.h"
#include "libs/json/document.h"

namespace countersign::dialects::anthropic {

// Adds `usage`, of a message or an event, to `result`. Its numbers are sums so far, so the highest
// counts. Input is what was read and written of the prompt's cache, too.
void ReadUsage(const json::Value& usage, Usage& result);

}  // namespace countersign::dialects::anthropic
