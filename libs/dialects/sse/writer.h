#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::dialects::sse {

inline constexpr absl::string_view kContentType = "text/event-stream";

// One event with its blank line: `event: NAME` unless `name` is empty, then a `data:` line for each
// line of `data` (which end in LF, CR or CRLF). A parser returns `data` with LF.
std::string FormatEvent(absl::string_view data, absl::string_view name = "");

// A comment, which keeps a connection alive and has no content. `text` is one line.
std::string FormatComment(absl::string_view text);

}  // namespace countersign::dialects::sse
