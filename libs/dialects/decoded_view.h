#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// `text` as programs that unescape it would read it: backslash escapes of JSON, C and Python (also
// octal, and escaped several times), percent encoding and HTML character references are resolved
// and HTML tags removed, until nothing changes (at most four times). One reading, or two of a text
// with CDATA sections: XML shows what is in them, HTML does not. Used to *inspect* text of unknown
// form, never to change it. Everything else is copied. Valid UTF-8 gives valid UTF-8. Readings that
// equal `text` are left out.
std::vector<std::string> DecodedViews(absl::string_view text);

}  // namespace countersign::dialects
