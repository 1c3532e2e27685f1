#pragma once

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

// Recognises the answers that OpenAI's API documents. Undocumented members do not make an answer
// unknown: they are masked as texts at any place. Thread-safe.
namespace countersign::dialects::openai {

// One event of a streamed chat completion: a list of choices, or an error.
bool IsKnownChunk(const json::Value& root);

// A whole answer: a chat completion, a model, a list of models, or an error.
bool IsKnownBody(const json::Value& root);

// `fields`: the lines of an event beside its data. True unless they give the event a name that chat
// completions do not use.
bool IsKnownEventName(absl::string_view fields);

}  // namespace countersign::dialects::openai
