#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/members/prompt_texts.h"
#include "libs/dialects/splice.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/masker.h"
#include "libs/domain/prompt.h"

namespace countersign::dialects::members {

// The request to the masker for a prompt: each text, in the form that the model reads, then the
// borders between parts.
std::vector<domain::FieldPiece> AskAboutPrompt(const PromptTexts& texts,
                                               const domain::Prompt& prompt);

// A prompt after masking.
struct MaskedPrompt {
  std::vector<Edit> edits;  // edits of the body
  std::shared_ptr<const domain::Prompt> prompt;
  std::vector<domain::Placeholder> placeholders;
  std::vector<domain::DeliveredSpan> masked;  // fields are pointers of parts
};

// `releases` are the answers to AskAboutPrompt(texts, *read.prompt). Each part of a text gets its
// own share; a match over several parts is replaced in the first of them. FAILED_PRECONDITION when
// something must be masked that cannot be replaced, such as the name of a member.
absl::StatusOr<MaskedPrompt> ApplyToPrompt(const ReadCall& read, const PromptTexts& texts,
                                           const std::vector<domain::FieldRelease>& releases);

}  // namespace countersign::dialects::members
