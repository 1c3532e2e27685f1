#include "libs/dialects/sse/writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign::dialects::sse {

std::string FormatEvent(absl::string_view data, absl::string_view name) {
  std::string event;
  event.reserve(data.size() + name.size() + 24);
  if (!name.empty()) absl::StrAppend(&event, "event: ", name, "\n");
  for (const absl::string_view line : absl::StrSplit(data, absl::ByAnyChar("\r\n"))) {
    if (!line.empty()) absl::StrAppend(&event, "data: ", line, "\n");
  }
  return event += '\n';
}

std::string FormatComment(absl::string_view text) { return absl::StrCat(": ", text, "\n\n"); }

}  // namespace countersign::dialects::sse
