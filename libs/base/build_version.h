#pragma once

#include "absl/strings/string_view.h"

namespace countersign {

// The release that this program is of, such as "0.1.0". From the top CMakeLists.txt.
absl::string_view BuildVersion();

}  // namespace countersign
