#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {

// The names of members in answers of OpenAI's API and of compatible servers.
const answers::MemberNames& AnswerMemberNames();

// True for members that identify something (an id, a kind, a role) and have no text that continues.
bool IsIdentifyingMember(absl::string_view key);

// Members of an unknown event that identify which of several texts it continues. OpenAI's Responses
// API has all of them.
inline constexpr absl::string_view kDiscriminators[] = {
    "type", "item_id", "output_index", "content_index", "summary_index", "index"};
bool IsDiscriminator(absl::string_view key);

// Members with the parts of one text.
bool IsPartList(absl::string_view key);

// Members of a part with its text.
bool IsPartText(absl::string_view key);

// Types of parts in which held text may be sent.
bool IsTextPartType(absl::string_view type);

// Members of an unknown event whose strings continue in the next event.
bool ContinuesAtRoot(absl::string_view key);

// Members whose values callers read as text and join: a number there is a piece of it, too.
bool IsTextMember(absl::string_view key);

// A value that callers join with others of its place: a string, or a number where text is expected.
bool IsText(const json::Value& value, absl::string_view key);

// True for a short word, such as the type of an event.
bool IsEventType(const json::Value& type);

}  // namespace countersign::dialects::openai
