#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// `text` as a program that unescapes it would read it: backslash escapes of JSON and C (also octal,
// and escaped several times), percent encoding and HTML character references are resolved and HTML
// tags removed, until nothing changes (at most four times). Used to *inspect* text of unknown form,
// never to change it. Everything else is copied. Valid UTF-8 gives valid UTF-8.
std::string DecodedView(absl::string_view text);

}  // namespace countersign::dialects
