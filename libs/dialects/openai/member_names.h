#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/whole_texts.h"

namespace countersign::dialects::openai {

// The names of members in answers of OpenAI's API and of compatible servers.
const answers::MemberNames& AnswerMemberNames();

// True for members that identify something (an id, a kind, a role) and have no text that continues.
bool IsIdentifyingMember(absl::string_view key);

}  // namespace countersign::dialects::openai
