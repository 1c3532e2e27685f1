#include "libs/dialects/sse/writer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::sse {

std::string FormatEvent(absl::string_view data, absl::string_view name) {
  std::string event;
  event.reserve(data.size() + name.size() + 24);
  if (!name.empty()) absl::StrAppend(&event, "event: ", name, "\n");
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    absl::StrAppend(&event, "data: ", data.substr(0, end), "\n");
    if (end == absl::string_view::npos) break;
    data.remove_prefix(end + (absl::StartsWith(data.substr(end), "\r\n") ? 2 : 1));
  }
  return event += '\n';
}

std::string FormatComment(absl::string_view text) { return absl::StrCat(": ", text, "\n\n"); }

}  // namespace countersign::dialects::sse
