#pragma once

#include <string>

#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {

// The token probabilities of one choice, as a copy of the text that they spell. `prefix` is that of
// the fields of the choice's texts. Probabilities in an undocumented form could spell anything:
// their copy has no field, so that it is never kept.
answers::FoundCopy ReadLogprobs(const json::Value& logprobs, const std::string& prefix);

// The same for `tokens`, a list of tokens beside the text `field`. Without the text's tokens an
// empty list stands there.
answers::FoundCopy ReadTokens(const json::Value& tokens, std::string field);

}  // namespace countersign::dialects::openai
