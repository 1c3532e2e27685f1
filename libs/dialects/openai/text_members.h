#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"

namespace countersign::dialects::openai {

// `text` at the end of `path`, as JSON members.
std::string WriteMembers(const std::vector<answers::Step>& path, absl::string_view text);

}  // namespace countersign::dialects::openai
