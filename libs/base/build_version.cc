#include "libs/base/build_version.h"

#ifndef COUNTERSIGN_VERSION
#error "set by libs/base/CMakeLists.txt"
#endif

namespace countersign {

absl::string_view BuildVersion() { return COUNTERSIGN_VERSION; }

}  // namespace countersign
