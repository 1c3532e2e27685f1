#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

// Finds the texts of a message: in one event of a stream, or in a whole body.
namespace countersign::dialects::anthropic {

// `root` is one event, parsed from `source`. A text's group is its content block; what a block
// begins with and all its deltas are one text per member. Thinking is intact: it may be signed.
// The strings of other known events are complete, those of unknown ones are classified by later
// events. UNAVAILABLE when an event of a block does not say which one.
absl::StatusOr<answers::FoundTexts> FindEventTexts(const json::Value& root,
                                                   absl::string_view source);

// `root` is a whole body. The texts of one content are one text; thinking with a signature is
// intact; the input of a tool call is one text of JSON, like the pieces of it in a stream.
answers::FoundTexts FindDocumentTexts(const json::Value& root, absl::string_view source);

}  // namespace countersign::dialects::anthropic
