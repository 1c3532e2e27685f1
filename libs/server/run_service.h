#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/config/service_config.h"
#include "libs/server/app.h"

namespace countersign::server {

struct Program {
  const char* name;                              // such as "policy", as in SPIFFE ids and `peers`
  config::SectionReader read_section = nullptr;  // reads `service:` of the configuration
  std::function<absl::Status(App&)> wire;        // constructs the objects
};

// The main function of a service: flags (--config FILE, --check, --version), configuration, wiring,
// serving until SIGTERM or SIGINT, draining. A second signal ends it at once. Returns the exit
// status; errors are one line on stderr.
int RunService(int argc, char** argv, const Program& program);

}  // namespace countersign::server
