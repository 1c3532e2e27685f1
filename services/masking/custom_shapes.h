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
// a letter or digit, `\` makes the next character literal, and every other character is literal.
// INVALID_ARGUMENT ("at byte 3: …") for a template that is empty, too long, or has no placeholder
// and is therefore a word for a dictionary.
absl::StatusOr<std::string> TemplateToPattern(absl::string_view shape);

// The normal form that `values` of a hashed rule are hashes of: in lower case, without white space
// and ASCII punctuation.
std::string NormalizedForHash(absl::string_view value);

// Lower-case hex of the SHA-256 of the normalised value, or of its HMAC-SHA-256 with a key that is
// not empty.
std::string HashValue(absl::string_view value, const SecretString& key);

// The shape of a `pattern`, `template` or `hashed` rule, before its conditions. INVALID_ARGUMENT
// says what is wrong and where in the pattern.
absl::StatusOr<text::redaction::RedactionRule> CustomShape(const domain::MaskingRule& rule);

// Adds the rule's validator, context, exceptions, count and priority to a shape of it.
absl::Status AddConditions(const domain::MaskingRule& rule, text::redaction::RedactionRule& shape);

}  // namespace countersign::masking
