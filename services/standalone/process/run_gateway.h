#pragma once

#include "services/standalone/data_directory.h"
#include "services/standalone/process/main_options.h"
#include "services/standalone/process/start_report.h"

namespace countersign::standalone::process {

// Runs the gateway in this process: locks the folder, starts the gateway, reports where it listens
// once it is ready, and serves until SIGTERM, SIGINT or SIGHUP. Then it drains calls and stops
// PostgreSQL. A second signal ends it at once, including PostgreSQL. Returns the exit status.
// REQUIRES: no threads were started.
int RunGateway(const DataDirectory& directory, Options options, StartReport& report);

}  // namespace countersign::standalone::process
