#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"  // for Wire functions
#include "libs/config/service_config.h"
#include "libs/pg/migrate.h"
#include "libs/server/app.h"

namespace countersign::server {

// The database schema of a service.
struct Schema {
  const char* name = nullptr;  // null: none
  std::function<std::vector<pg::Migration>()> migrations = nullptr;
};

struct Program {
  const char* name;                              // such as "policy", as in SPIFFE ids and `peers`
  config::SectionReader read_section = nullptr;  // reads `service:` of the configuration
  std::function<absl::Status(App&)> wire;        // constructs the objects
  Schema schema = {};
};

// The main function of a service: flags (--config FILE, --check, --migrate, --print-defaults,
// --version), configuration, wiring, serving until SIGTERM or SIGINT, draining. A second signal
// ends it at once. With --migrate it migrates its schema as a start would, and ends: for upgrades
// that migrate before they replace processes. Returns the exit status; errors are one line on
// stderr.
int RunService(int argc, char** argv, const Program& program);

}  // namespace countersign::server
