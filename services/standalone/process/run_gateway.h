#pragma once

#include "services/standalone/data_directory.h"
#include "services/standalone/process/main_options.h"
#include "services/standalone/process/start_report.h"

namespace countersign::standalone::process {

// `up`, in the process that stays: holds the folder, starts the gateway, says where it listens once
// it is ready, and serves until SIGTERM, SIGINT or SIGHUP. Then it drains and stops its PostgreSQL.
// A second signal ends at once, PostgreSQL included. Returns the exit status. REQUIRES: no threads
// yet.
int RunGateway(const DataDirectory& directory, Options options, StartReport& report);

}  // namespace countersign::standalone::process
