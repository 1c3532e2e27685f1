#include "libs/server/run_service.h"
#include "libs/base/build_version.h"

#include <grpc/support/log.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "libs/server/default_config.h"

namespace countersign::server {
namespace {

constexpr int kFailed = 1;
constexpr int kMisuse = 2;

// Blocks signals before any thread starts, so that only Wait receives them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int Wait(const sigset_t& signals) {
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  return signal_number;
}

// Waits for `delay`; a second signal ends the process immediately.
void WaitDelay(const sigset_t& signals, absl::Duration delay) {
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const timespec time = absl::ToTimespec(delay);
  nanosleep(&time, nullptr);
}

// gRPC logs an error for every refused handshake, which we count ourselves.
void QuietGrpc() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    log::Debug("grpc", {{"detail", args->message}, {"file", args->file}, {"line", args->line}});
  });
}

int Fail(const Program& program, const absl::Status& status) {
  std::cerr << "countersign-" << program.name << ": " << status.message() << "\n";
  return kFailed;
}

absl::Status ConfigureLog(const Program& program, const config::ServiceConfig& config) {
  CS_ASSIGN_OR_RETURN(const log::Level level, log::LevelFromString(config.log_level));
  CS_ASSIGN_OR_RETURN(const log::Format format, log::FormatFromString(config.log_format));
  log::Configure(level, format, program.name);
  return absl::OkStatus();
}

absl::Status Migrate(const Program& program, const App& app) {
  if (program.schema.name == nullptr) {
    return absl::FailedPreconditionError("has no database: --migrate has nothing to do");
  }
  CS_ASSIGN_OR_RETURN(pg::PoolOptions options, app.Database(program.schema.name));
  pg::Pool pool(std::move(options));
  CS_RETURN_IF_ERROR(pg::Migrate(pool, program.schema.name, program.schema.migrations()));
  log::Info("migrated", {{"schema", program.schema.name}});
  return absl::OkStatus();
}

// Serves until a signal ends it.
absl::Status Serve(const Program& program, App& app, const sigset_t& signals) {
  CS_RETURN_IF_ERROR(program.wire(app));
  CS_RETURN_IF_ERROR(app.Start());
  const int signal_number = Wait(signals);
  log::Info("stopping", {{"signal", signal_number}});
  app.BeginDrain();
  WaitDelay(signals, app.config().drain_delay);
  app.Stop();
  log::Info("stopped");
  return absl::OkStatus();
}

}  // namespace

int RunService(int argc, char** argv, const Program& program) {
  CLI::App cli(absl::StrCat("The ", program.name, " service of Countersign."),
               absl::StrCat("countersign-", program.name));
  std::string file;
  bool check = false;
  bool migrate = false;
  bool print_defaults = false;
  cli.add_option("--config", file, "the service's configuration (YAML)");
  cli.add_flag("--check", check, "read the configuration, say what is wrong with it, and end");
  cli.add_flag("--migrate", migrate, "migrate the database schema to this version, and end");
  cli.add_flag("--print-defaults", print_defaults,
               "print a configuration with every field, its type and its default, and end");
  cli.set_version_flag("--version", std::string(BuildVersion()));
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kMisuse;
  }
  if (print_defaults) {
    std::cout << PrintDefaults(config::DescribeServiceConfig(program.read_section));
    return 0;
  }
  if (file.empty()) {
    std::cerr << cli.get_name() << ": --config is required (see --help)\n";
    return kMisuse;
  }
  const sigset_t signals = BlockSignals();
  absl::StatusOr<config::ServiceConfig> config =
      config::LoadServiceConfig(file, program.read_section);
  if (!config.ok()) return Fail(program, config.status());
  if (check) return 0;
  if (const absl::Status status = ConfigureLog(program, *config); !status.ok()) {
    return Fail(program, status);
  }
  QuietGrpc();
  App app(program.name, *std::move(config));
  const absl::Status done = migrate ? Migrate(program, app) : Serve(program, app, signals);
  return done.ok() ? 0 : Fail(program, done);
}

}  // namespace countersign::server
