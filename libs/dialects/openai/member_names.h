#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/whole_texts.h"

namespace countersign::dialects::openai {

// The names of members in answers of OpenAI's API and of servers that imitate it.
const answers::MemberNames& AnswerMemberNames();

// True for members that say which, of what kind or who, and carry no text that continues.
bool IsIdentifyingMember(absl::string_view key);

}  // namespace countersign::dialects::openai
