#pragma once

#include "absl/strings/string_view.h"

// Passwords and other credentials. validators.h has the contract.
namespace countersign::text::validators {

// `user:password`, in base64.
bool IsBasicCredential(absl::string_view match);
bool IsMixedRandom(absl::string_view match);
// Letters and at least two of: a digit, a special character, letters of both cases. Excludes words
// and numbers.
bool IsPasswordLike(absl::string_view match);
// The same with a mark in it, where only a space stands before it.
bool IsStatedPassword(absl::string_view match);
// What stands between quotes behind a word for password: anything with a digit and a letter, or
// with marks and letters of both cases, that is no name, placeholder or text of a template.
bool IsQuotedPassword(absl::string_view match);
// Letters and digits mixed, however few.
bool IsShortToken(absl::string_view match);
bool HasDigit(absl::string_view match);
// The argument of an option such as `-p` on a command line.
bool IsPasswordArgument(absl::string_view match);
bool IsCurlUser(absl::string_view match);

}  // namespace countersign::text::validators
