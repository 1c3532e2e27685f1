#pragma once

#include <ostream>

#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// A line on standard error that says how far a long run has come, and is written anew each time.
// Only for a person who watches: it does nothing unless `shown`. Not thread-safe.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, bool shown) : err_(err), shown_(shown) {}
  // Removes the line.
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(absl::string_view text);
  void Clear();

 private:
  std::ostream& err_;
  const bool shown_;
  bool written_ = false;
};

// Whether `err` is the process's standard error, and that is a terminal.
bool IsWatched(const std::ostream& err);

}  // namespace countersign::cli::output
