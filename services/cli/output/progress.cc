#include "services/cli/output/progress.h"

#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace countersign::cli::output {

bool IsWatched(const std::ostream& err) { return &err == &std::cerr && isatty(STDERR_FILENO) != 0; }

void Progress::Show(absl::string_view text) {
  if (!watched_ || text == shown_) return;
  shown_ = std::string(text);
  err_ << "\r\x1b[K" << shown_ << std::flush;
}

std::string FormatSize(std::uint64_t bytes) {
  constexpr std::uint64_t kStep = 1000;
  if (bytes < kStep) return absl::StrCat(bytes, " B");
  auto size = static_cast<double>(bytes) / kStep;
  for (const char* const unit : {"kB", "MB"}) {
    if (size < kStep) return absl::StrFormat("%.1f %s", size, unit);
    size /= kStep;
  }
  return absl::StrFormat("%.1f GB", size);
}

}  // namespace countersign::cli::output
