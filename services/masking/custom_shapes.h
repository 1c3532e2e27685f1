#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"

// Compiles the rules that a profile defines itself into shapes, which have no replacement yet.
namespace countersign::masking {

// The regex of a template: `#` is a digit, `A` an upper-case letter, `a` a lower-case one, `*` a
// letter or digit, `\` makes the next character literal, and other characters are literal.
// INVALID_ARGUMENT ("at byte 3: …") for a template that is empty, too long, or without a
// placeholder (which belongs into a dictionary).
absl::StatusOr<std::string> TemplateToPattern(absl::string_view shape);

// The normal form of which a rule's `hashed` values are hashes: lower case, without white space and
// ASCII punctuation.
std::string NormalizedForHash(absl::string_view value);

// Lower-case hex of the SHA-256 of NormalizedForHash(value); with a non-empty key, of its
// HMAC-SHA-256.
std::string HashValue(absl::string_view value, const SecretString& key);

// The shapes of a `pattern`, `template` or `hashed` rule, without its conditions: one, or of a
// pattern with word edges one per alternative. INVALID_ARGUMENT says what is wrong and where in the
// pattern.
absl::StatusOr<std::vector<text::redaction::RedactionRule>> CustomShapes(
    const domain::MaskingRule& rule);

// Adds the rule's validator, context, exceptions, count and priority to its shape.
absl::Status AddConditions(const domain::MaskingRule& rule, text::redaction::RedactionRule& shape);

}  // namespace countersign::masking
