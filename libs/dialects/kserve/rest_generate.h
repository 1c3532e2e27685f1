#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/kserve/prompt_parts.h"
#include "libs/dialects/members/schema.h"
#include "libs/json/document.h"

// Bodies of Triton's generate extension: a member for each input, and `parameters`.
namespace countersign::dialects::kserve {

const members::Schema& GenerateSchema();

// Puts everything in `root`, parsed from `body`, into the prompt: an input is
// `/inputs/<name>/<element>`, as over gRPC, and a number is a parameter of policies.
void ReadGenerate(const json::Value& root, absl::string_view body, PromptParts& parts);

}  // namespace countersign::dialects::kserve
