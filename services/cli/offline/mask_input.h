#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/decision.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::cli::offline {

// The kinds of input of `countersign mask`.
enum class MaskForm {
  kText,    // plain text
  kJson,    // a JSON document, or one per line, masked as the gateway masks documents in answers:
            // strings and numbers are matched decoded, and the result is JSON
  kAnswer,  // a model's answer in OpenAI's format, a body or an event stream, masked by the
            // gateway's own reader as a caller would receive it
};

// What to mask, and how.
struct MaskWork {
  std::shared_ptr<const text::redaction::RuleSet> rules;
  MaskForm form = MaskForm::kText;
  std::size_t chunk = 0;  // bytes per piece; 0: all in one piece
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;  // for answers
};

struct MaskedInput {
  text::redaction::Redacted masked;
  // For an answer: the text that each span belongs to. Such spans have no offsets into the input.
  std::vector<std::string> fields;
};

// INVALID_ARGUMENT names the line of a malformed document. REQUIRES: `input` is UTF-8.
absl::StatusOr<MaskedInput> MaskInput(const MaskWork& work, absl::string_view input);

}  // namespace countersign::cli::offline
