#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// True for what names of models look like ("gpt-4o-2024-08-06", "meta-llama/Llama-3.2-1B-Instruct",
// "ft:gpt-4o-mini:org::9aBcXyZ"): words of letters and digits, joined by single marks. False for
// what could be a sentence, a person's number or a credential, and for what servers could read as a
// path or a query of their own. A name that is none of these is a text like any other.
bool IsModelId(absl::string_view id);

}  // namespace countersign::dialects
