#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/config/service_config.h"
#include "libs/server/app.h"

namespace countersign::server {

struct Program {
  const char* name;                              // "policy": as in SPIFFE ids and `peers`
  config::SectionReader read_section = nullptr;  // of `service:` in the configuration
  std::function<absl::Status(App&)> wire;        // makes the object graph, leaves first
};

// The whole of a service's main: flags (--config FILE, --check, --version), configuration, wiring,
// serving until SIGTERM or SIGINT, draining. A second signal ends at once. Returns the exit status;
// what went wrong is said in one line on stderr.
int RunService(int argc, char** argv, const Program& program);

}  // namespace countersign::server
