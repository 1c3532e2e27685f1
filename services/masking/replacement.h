#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"

// The replacements of matches.
namespace countersign::masking {

// Sets what `rule` replaces its matches with:
//   redact    [REDACTED]
//   replace   <LABEL>
//   keepLast  each letter and digit but the last `keep` as *, punctuation and spaces as they were;
//             everything as * when there are no more than `keep`
//   hash      <LABEL:0123456789ab>, the start of a keyed hash: equal originals give equal text
//   placeholder  the form of a token, which PlaceholderMaker fills in per call
// Where a match of another rule overlaps, keepLast and hash give way to <LABEL>.
absl::Status SetReplacement(const domain::MaskingRule& action, const std::string& label,
                            const SecretString& hash_key, text::redaction::RedactionRule& rule);

}  // namespace countersign::masking
