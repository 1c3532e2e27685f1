#pragma once

#include "absl/strings/string_view.h"

namespace countersign {

// Whether `glob` matches the whole of `text`. `*` matches any number of characters, including `/`
// (model names contain slashes); `?` matches one UTF-8 character; other characters match
// themselves, case-sensitively. Takes at most time proportional to the product of both lengths and
// does not recurse, so hostile model names are harmless.
bool GlobMatch(absl::string_view glob, absl::string_view text);

}  // namespace countersign
