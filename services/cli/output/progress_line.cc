#include "services/cli/output/progress_line.h"

#include <unistd.h>

#include <iostream>

#include "services/cli/output/output.h"

namespace countersign::cli::output {

void ProgressLine::Show(absl::string_view text) {
  if (!shown_) return;
  err_ << "\r\x1b[K" << Printable(text) << std::flush;
  written_ = true;
}

void ProgressLine::Clear() {
  if (written_) err_ << "\r\x1b[K" << std::flush;
  written_ = false;
}

bool IsWatched(const std::ostream& err) { return &err == &std::cerr && isatty(STDERR_FILENO) != 0; }

}  // namespace countersign::cli::output
