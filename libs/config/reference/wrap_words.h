#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::config::reference {

// The words of `text` in lines of at most `width` bytes; a longer word has a line of its own.
std::vector<std::string> WrapWords(absl::string_view text, std::size_t width);

}  // namespace countersign::config::reference
