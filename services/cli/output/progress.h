#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// Whether a person watches `err`: it is standard error, and that is a terminal.
bool IsWatched(const std::ostream& err);

// One line on a terminal that says how far long work is, and goes away with this object. Writes
// nothing where nobody watches. Not thread-safe.
class Progress {
 public:
  // `err` must outlive it.
  Progress(std::ostream& err, bool watched) : err_(err), watched_(watched) {}
  explicit Progress(std::ostream& err) : Progress(err, IsWatched(err)) {}
  ~Progress() { Show(""); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Replaces the line, if `text` differs from it.
  void Show(absl::string_view text);

  bool watched() const { return watched_; }

 private:
  std::ostream& err_;
  const bool watched_;
  std::string shown_;
};

// "512 B", "3.4 MB".
std::string FormatSize(std::uint64_t bytes);

}  // namespace countersign::cli::output
