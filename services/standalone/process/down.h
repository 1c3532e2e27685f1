#pragma once

#include "absl/status/status.h"
#include "services/standalone/data_directory.h"

namespace countersign::standalone::process {

// Stops the gateway that runs on `directory`, and a PostgreSQL that a killed one left behind.
// Returns when both are gone; also when none ran. DEADLINE_EXCEEDED when the gateway does not end.
absl::Status Down(const DataDirectory& directory);

}  // namespace countersign::standalone::process
