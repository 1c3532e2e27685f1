#pragma once

#include <string>

#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {

// The token probabilities of one choice, as a copy of the text that they spell. `prefix` is that of
// the fields of the choice's texts. Probabilities in an undocumented form could spell anything:
// their copy has no field, so that it is never kept.
answers::FoundCopy ReadLogprobs(const json::Value& logprobs, const std::string& prefix);

}  // namespace countersign::dialects::openai
