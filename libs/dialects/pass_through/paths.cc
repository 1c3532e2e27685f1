#include "libs/dialects/pass_through/paths.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/glob.h"

namespace countersign::dialects::pass_through {
namespace {

constexpr std::size_t kLongestPath = 1024;

bool IsPlainSegment(absl::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         absl::c_all_of(segment, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._~:@", c);
         });
}

}  // namespace

bool IsListed(const domain::Connection& connection, absl::string_view path) {
  absl::string_view below = path;
  if (path.size() > kLongestPath || !absl::ConsumePrefix(&below, "/v1/")) return false;
  const std::vector<absl::string_view> segments = absl::StrSplit(below, '/');
  return absl::c_all_of(segments, IsPlainSegment) &&
         absl::c_any_of(connection.pass_through,
                        [&](const std::string& glob) { return GlobMatch(glob, path); });
}

}  // namespace countersign::dialects::pass_through
