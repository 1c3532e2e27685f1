#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"

// What a profile's own rules look for, as shapes without a replacement.
namespace countersign::masking {

// The regex behind a template: `#` is a digit, `A` an upper-case letter, `a` a lower-case one, `*`
// a letter or digit, `\` takes the next character as it stands, everything else means itself.
// INVALID_ARGUMENT ("at byte 3: …") for a template that is empty, too long, or has no placeholder
// and is therefore a word for a dictionary.
absl::StatusOr<std::string> PatternOfTemplate(absl::string_view shape);

// What `values` of a hashed rule are hashes of: letters and digits as they stand but in lower case,
// and nothing of what separates them (white space, ASCII punctuation).
std::string NormalizedForHash(absl::string_view value);

// Lower-case hex of the SHA-256 of the normalised value, or of its HMAC-SHA-256 with a key that is
// not empty.
std::string HashOfValue(absl::string_view value, const SecretString& key);

// The shape of a `pattern`, `template` or `hashed` rule, before its conditions. INVALID_ARGUMENT
// says what is wrong and where in the pattern.
absl::StatusOr<text::redaction::RedactionRule> CustomShape(const domain::MaskingRule& rule);

// Adds the rule's validator, context, exceptions, count and priority to a shape of it.
absl::Status AddConditions(const domain::MaskingRule& rule, text::redaction::RedactionRule& shape);

}  // namespace countersign::masking
