#pragma once

#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"

namespace countersign::dialects::pass_through {

// Whether `connection` lists the path, which is relative to it ("/v1/files/file-1"). Paths that two
// servers could read differently are on no list: with escapes, empty segments, `.` or `..`, or
// other characters than letters, digits and `-._~:@`.
bool IsListed(const domain::Connection& connection, absl::string_view path);

}  // namespace countersign::dialects::pass_through
