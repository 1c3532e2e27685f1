#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/server/app.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/process/main_options.h"

namespace countersign::standalone {

// Constructs the whole gateway in `app`: the services' cores, wired by direct calls, over the
// private PostgreSQL. Applies the resources that `options` name, opens the public listener and
// returns its address.
absl::StatusOr<std::string> WireGateway(const DataDirectory& directory,
                                        const process::Options& options, server::App& app);

}  // namespace countersign::standalone
