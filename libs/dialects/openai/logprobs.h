#pragma once

#include <string>

#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {

// The token probabilities of one choice, as a copy of the text that they spell. `prefix` is that of
// the fields of the choice's texts. Probabilities in a form that OpenAI does not document could
// spell anything: their copy has no field, so that it never stays.
answers::FoundCopy ReadLogprobs(const json::Value& logprobs, const std::string& prefix);

}  // namespace countersign::dialects::openai
