#pragma once

#include "absl/status/status.h"
#include "services/standalone/data_directory.h"

namespace countersign::standalone::process {

// Stops the gateway that runs on `directory`, and the PostgreSQL of a killed one. Returns OK when
// both are gone, also when neither was running. DEADLINE_EXCEEDED when the gateway does not end.
absl::Status Down(const DataDirectory& directory);

}  // namespace countersign::standalone::process
