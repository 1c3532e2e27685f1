#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/standalone/process/start_report.h"

namespace countersign::standalone::process {

// Goes on in a child that shares nothing with whoever called this program: a session of its own, no
// terminal, no inherited descriptor, working folder /, output appended to `log` (mode 0600).
//
// In the child: the report to the parent. In the parent: nullptr, after the child's report was
// printed (of a failure: after the child's end), with `exit_status` set. REQUIRES: no threads yet.
absl::StatusOr<std::unique_ptr<StartReport>> Detach(const std::string& log, int& exit_status);

}  // namespace countersign::standalone::process
