#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// `text` as a program that unescapes it would read it: backslash escapes of JSON and C (however
// often the backslash itself was escaped, octal ones too), percent encoding and HTML's character
// references resolved and its tags taken out, until nothing changes (four times at most). Used to
// *look* at text of an unknown form, never to change it. What is no escape stays. Valid UTF-8 gives
// valid UTF-8.
std::string DecodedView(absl::string_view text);

}  // namespace countersign::dialects
