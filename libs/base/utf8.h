#pragma once

#include "absl/strings/string_view.h"

namespace countersign {

// True when `bytes` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong form, no surrogate,
// nothing above U+10FFFF, nothing cut off.
bool IsUtf8(absl::string_view bytes);

}  // namespace countersign
