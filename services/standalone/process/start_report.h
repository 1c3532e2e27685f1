#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::standalone::process {

// What `up` reports to its user while the gateway starts: on the terminal, or, from a detached
// gateway, through a pipe to the process that the user started (detach.h).
class StartReport {
 public:
  StartReport() = default;                         // reports on the terminal
  explicit StartReport(int pipe) : pipe_(pipe) {}  // owned
  ~StartReport();
  StartReport(const StartReport&) = delete;
  StartReport& operator=(const StartReport&) = delete;

  void Warn(absl::string_view sentence);
  // The final message: where the gateway listens, or why it did not start.
  void Ready(absl::string_view text);
  void Failed(absl::string_view reason);

 private:
  void Say(char kind, absl::string_view text);
  int pipe_ = -1;
};

// Prints the messages from `pipe` until it is closed. True when the last one was Ready.
bool PrintReport(int pipe);

}  // namespace countersign::standalone::process
