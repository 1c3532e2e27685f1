#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// True for texts in the form of model names ("gpt-4o-2024-08-06",
// "meta-llama/Llama-3.2-1B-Instruct", "ft:gpt-4o-mini:org::9aBcXyZ"): words of letters and digits,
// joined by single marks. False for texts that could be a sentence, a personal number or a
// credential, and for texts that servers could read as a path or a query. Other names are treated
// as text.
bool IsModelId(absl::string_view id);

}  // namespace countersign::dialects
