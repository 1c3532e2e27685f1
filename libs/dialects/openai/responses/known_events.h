#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/json/document.h"

// What OpenAI's API documents of streamed and whole responses. Thread-safe.
namespace countersign::dialects::openai::responses {

// The names of members in answers.
const answers::MemberNames& AnswerMemberNames();

// A text that a stream sends in pieces: events "response.NAME.delta" have them in `delta`, and
// "response.NAME.done" has the whole text in `member`.
struct StreamedText {
  absl::string_view name;
  absl::string_view member;
  absl::string_view list;   // of the item, whose element has the text; "": the item itself
  absl::string_view index;  // the event's member with the number of that element
  absl::string_view path;   // of the text in the element, or in the item
  bool joined = false;      // some callers join all texts of this name
};
// The text of an event of `type`; null if it has none. `done`: whether it is the whole text.
const StreamedText* FindStreamedText(absl::string_view type, bool& done);

// True for events of documented types and forms, and for errors.
bool IsKnownEvent(const json::Value& root);
// `fields`: the lines of an event beside its data. True unless they give it another name.
bool IsKnownEventName(absl::string_view fields);
bool IsKnownType(absl::string_view type);

// A whole answer: a response, a list of items, what is left of a deleted response, an error.
bool IsKnownBody(const json::Value& root);

// True for the event that ends a stream.
bool EndsStream(absl::string_view type);

}  // namespace countersign::dialects::openai::responses
