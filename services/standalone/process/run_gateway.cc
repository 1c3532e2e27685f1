#include "services/standalone/process/run_gateway.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "libs/server/app.h"
#include "services/standalone/database/private_cluster.h"
#include "services/standalone/process/free_address.h"
#include "services/standalone/wire_gateway.h"

namespace countersign::standalone::process {
namespace {

constexpr absl::Duration kReadyTime = absl::Seconds(60);
constexpr absl::Duration kDrainTime = absl::Seconds(10);

// Called before any thread starts, so that every thread inherits the mask.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// A second signal ends the process at once; PostgreSQL rolls back.
void EndAtNextSignal(const sigset_t& signals, const std::string& cluster) {
  std::thread([signals, cluster] {
    int number = 0;
    sigwait(&signals, &number);
    (void)database::PrivateCluster::StopLeftBehind(cluster);
    _exit(1);
  }).detach();
}

std::string TakeDefault(const std::string& wanted, bool given, const char* what,
                        StartReport& report) {
  if (given || wanted.empty()) return wanted;
  std::string address = WantedOrFree(wanted);
  if (address != wanted) {
    report.Warn(absl::StrCat(wanted, " is taken, so ", what, " gets a free port"));
  }
  return address;
}

config::ServiceConfig MakeConfig(const DataDirectory& directory, const Options& options) {
  config::ServiceConfig config;
  config.metrics = options.metrics;
  config.addresses_file = directory.addresses();
  config.drain_delay = absl::ZeroDuration();
  config.drain_timeout = kDrainTime;
  return config;
}

// Returns the public address once the gateway is ready.
absl::StatusOr<std::string> StartUp(const DataDirectory& directory, const Options& options,
                                    server::App& app) {
  CS_RETURN_IF_ERROR(WriteWhole(directory.pid(), absl::StrCat(getpid(), "\n")));
  CS_ASSIGN_OR_RETURN(std::string address, WireGateway(directory, options, app));
  CS_RETURN_IF_ERROR(app.Start());
  const absl::Time until = app.clock().Now() + kReadyTime;
  for (std::string missing = app.NotReady(); !missing.empty(); missing = app.NotReady()) {
    if (app.clock().Now() > until) {
      return absl::DeadlineExceededError(absl::StrCat("not ready: ", missing));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return address;
}

std::string Announcement(const DataDirectory& directory, const server::App& app,
                         const std::string& http) {
  std::string text = absl::StrCat("gateway   http://", http);
  if (!app.metrics_address().empty()) {
    absl::StrAppend(&text, "\nmetrics   http://", app.metrics_address(), "/metrics");
  }
  return absl::StrCat(text, "\nadmin key ", directory.admin_key(),
                      "\nstop      countersign down --data ", directory.path());
}

int Serve(const DataDirectory& directory, const Options& options, StartReport& report,
          const sigset_t& signals) {
  server::App app("standalone", MakeConfig(directory, options));
  const auto address = StartUp(directory, options, app);
  if (!address.ok()) {
    report.Failed(address.status().message());
    return 1;
  }
  report.Ready(Announcement(directory, app, *address));
  int number = 0;
  sigwait(&signals, &number);
  log::Info("stopping", {{"signal", number}});
  EndAtNextSignal(signals, directory.cluster());
  unlink(directory.addresses().c_str());
  app.BeginDrain();
  app.Stop();
  return 0;
}

}  // namespace

int RunGateway(const DataDirectory& directory, Options options, StartReport& report) {
  const sigset_t signals = BlockSignals();
  log::Configure(log::Level::kInfo, log::Format::kText, "standalone");
  const auto lock = directory.TryLock();
  if (!lock.ok()) {
    report.Failed(lock.status().message());
    return 1;
  }
  options.http = TakeDefault(options.http, options.http_given, "the gateway", report);
  options.metrics = TakeDefault(options.metrics, options.metrics_given, "/metrics", report);
  const int status = Serve(directory, options, report, signals);
  unlink(directory.pid().c_str());
  log::Info("stopped");
  return status;
}

}  // namespace countersign::standalone::process
