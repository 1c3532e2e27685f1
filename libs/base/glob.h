#pragma once

#include "absl/strings/string_view.h"

namespace countersign {

// True when `glob` matches the whole of `text`. `*` stands for any number of characters, `/`
// included (model names contain slashes), `?` for exactly one UTF-8 character; everything else
// stands for itself, upper and lower case being different. Takes time proportional to the product
// of both lengths at worst and never recurses, so that a hostile model name costs nothing.
bool GlobMatch(absl::string_view glob, absl::string_view text);

}  // namespace countersign
