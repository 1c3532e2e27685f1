#pragma once

#include <string>

#include "libs/config/service_config.h"
#include "services/edge/edge.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/process/main_options.h"

// What the command line means to the parts of the gateway.
namespace countersign::standalone::process {

config::ServiceConfig MakeServiceConfig(const DataDirectory& directory, const Options& options);
edge::EdgeConfig MakeEdgeConfig(const DataDirectory& directory, const Options& options);

// Everything that `up` would run with, as YAML: each option with its value and where that comes
// from, the files, and the configuration of the parts. Contains no secret. Touches no file.
std::string DescribeConfig(const DataDirectory& directory, const Options& options);

}  // namespace countersign::standalone::process
