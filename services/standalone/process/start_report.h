#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::standalone::process {

// What the user of `up` is told while the gateway starts: on the terminal, or, from a detached
// gateway, through a pipe to the process that the user started (detach.h).
class StartReport {
 public:
  StartReport() = default;                         // the terminal
  explicit StartReport(int pipe) : pipe_(pipe) {}  // owned
  ~StartReport();
  StartReport(const StartReport&) = delete;
  StartReport& operator=(const StartReport&) = delete;

  void Warn(absl::string_view sentence);
  // The last words: where the gateway listens, or why there is none.
  void Ready(absl::string_view text);
  void Failed(absl::string_view reason);

 private:
  void Say(char kind, absl::string_view text);
  int pipe_ = -1;
};

// The other end: prints what comes through `pipe` until it is closed. True when it ended with
// Ready.
bool PrintReport(int pipe);

}  // namespace countersign::standalone::process
