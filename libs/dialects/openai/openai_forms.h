#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/json/document.h"

// Which answers have a form that OpenAI's API documents. Further members do not make a form
// unknown: they are masked as texts wherever they stand. Thread-safe.
namespace countersign::dialects {

// One event of a streamed chat completion: a list of choices, or an error.
bool IsKnownChunk(const json::Value& root);

// A whole answer: a chat completion, a model, a list of models, or an error.
bool IsKnownBody(const json::Value& root);

// `rest` is what stands beside an event's data, a line each. True unless it names the event in a
// way that streams of chat completions do not.
bool IsKnownEventName(absl::string_view rest);

// The refusal of an answer of another form, with the reason kUnknownEvent.
absl::Status UnknownForm();

}  // namespace countersign::dialects
