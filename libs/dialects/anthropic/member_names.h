#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/whole_texts.h"

// The names of Anthropic's answers.
namespace countersign::dialects::anthropic {

const answers::MemberNames& AnswerMemberNames();

// The types of events, of the deltas of a block, and of blocks, that Anthropic documents.
bool IsEventType(absl::string_view type);
bool IsDeltaType(absl::string_view type);
bool IsBlockType(absl::string_view type);

}  // namespace countersign::dialects::anthropic
