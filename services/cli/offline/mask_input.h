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

// What an input of `countersign mask` is.
enum class MaskForm {
  kText,    // one text, as it is written
  kJson,    // a JSON document, or one on each line, masked as the gateway masks those of an answer:
            // strings and numbers without their escapes, and it is JSON afterwards
  kAnswer,  // what a model answers in OpenAI's form, whole or as a stream of events: the gateway's
            // own reader masks it, as its caller would get it
};

// What masking is to do.
struct MaskWork {
  std::shared_ptr<const text::redaction::RuleSet> rules;
  MaskForm form = MaskForm::kText;
  std::size_t chunk = 0;  // bytes at a time; 0: all at once
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;  // of an answer
};

struct MaskedInput {
  text::redaction::Redacted masked;
  // By span, of an answer: which text of it that was. Its spans have no offsets into the input.
  std::vector<std::string> fields;
};

// INVALID_ARGUMENT names the line of a document that is none. REQUIRES: `input` is UTF-8.
absl::StatusOr<MaskedInput> MaskInput(const MaskWork& work, absl::string_view input);

}  // namespace countersign::cli::offline
