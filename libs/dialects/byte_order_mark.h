#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// UTF-8 needs none, but some programs put it before a body or a stream.
inline constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace countersign::dialects
