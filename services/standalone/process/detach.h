#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/standalone/process/start_report.h"

namespace countersign::standalone::process {

// Continues in a child process that shares nothing with the program's caller: its own session, no
// terminal, no inherited descriptors, working folder /, output appended to `log` (mode 0600).
//
// Returns in the child the report to the parent; in the parent nullptr, after it has printed the
// child's report (and, after a failure, waited for the child's end), with `exit_status` set.
// REQUIRES: no threads were started.
absl::StatusOr<std::unique_ptr<StartReport>> Detach(const std::string& log, int& exit_status);

}  // namespace countersign::standalone::process
