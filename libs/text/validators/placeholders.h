#pragma once

#include "absl/strings/string_view.h"

// What documentation writes in place of a secret. validators.h has the contract.
namespace countersign::text::validators {

// Whether a secret holds a word such as `example`, `your` or `changeme`, one letter repeated, or
// little else than letters and digits in order. Long secrets are never placeholders by such a word,
// because random text holds it by chance.
bool IsPlaceholder(absl::string_view secret);

// The same for a password: also a variable (`${X}`, `$X`, `{{ x }}`, `%X%`), something in angle
// brackets, and a word that names a type or a state (`none`, `required`).
bool IsPasswordPlaceholder(absl::string_view password);

}  // namespace countersign::text::validators
