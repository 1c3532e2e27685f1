#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::cli {

// What an input of `countersign mask` is.
enum class MaskForm {
  kText,  // one text, as it is written
  kJson,  // a JSON document, or one on each line, masked as the gateway masks those of an answer:
          // strings and numbers without their escapes, and it is JSON afterwards
};

// `input` through the streaming engine, `chunk` bytes at a time (0: at once). INVALID_ARGUMENT
// names the line of a document that is none. REQUIRES: `input` is UTF-8.
absl::StatusOr<text::Redacted> MaskInput(const std::shared_ptr<const text::RuleSet>& rules,
                                         absl::string_view input, MaskForm form, std::size_t chunk);

}  // namespace countersign::cli
