#include "services/standalone/process/run_gateway.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/http/address.h"
#include "libs/http/security/tls_context.h"
#include "libs/log/log.h"
#include "libs/server/app.h"
#include "services/standalone/database/private_cluster.h"
#include "services/standalone/process/free_address.h"
#include "services/standalone/process/gateway_config.h"
#include "services/standalone/process/listen_host.h"
#include "services/standalone/process/own_certificate.h"
#include "services/standalone/wire_gateway.h"

namespace countersign::standalone::process {
namespace {

constexpr absl::Duration kReadyTime = absl::Seconds(60);

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

// Prepares what is served with, and warns about what is not wise. Fails before anything starts.
absl::Status PrepareListener(const DataDirectory& directory, const Options& options, absl::Time now,
                             StartReport& report) {
  CS_ASSIGN_OR_RETURN(const http::HostPort address, http::ParseHostPort(options.http));
  if (!options.tls()) {
    if (!IsLoopback(address.host)) {
      report.Warn(absl::StrCat("serving plain HTTP on ", options.http,
                               ": keys and prompts can be read on the way; use "
                               "--tls-cert and --tls-key, or --tls-self-signed, unless something "
                               "in front of it has TLS"));
    }
    return absl::OkStatus();
  }
  if (options.tls_self_signed) {
    CS_ASSIGN_OR_RETURN(const std::string replaced,
                        EnsureOwnCertificate(directory, address.host, now));
    if (!replaced.empty()) report.Warn(replaced);
    return absl::OkStatus();
  }
  return Annotate(http::security::ServerTls(options.tls_certificate, options.tls_key).status(),
                  "--tls-cert");
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

std::string Announcement(const DataDirectory& directory, const Options& options,
                         const server::App& app, const std::string& http) {
  std::string text = absl::StrCat("gateway   ", options.tls() ? "https://" : "http://", http);
  if (options.tls_self_signed) {
    absl::StrAppend(&text, "\ntrust     ", directory.certificate(), " (--ca-file)");
  }
  if (!app.metrics_address().empty()) {
    absl::StrAppend(&text, "\nmetrics   http://", app.metrics_address(), "/metrics");
  }
  return absl::StrCat(text, "\nadmin key ", directory.admin_key(),
                      "\nstop      countersign down --data ", directory.path());
}

int Serve(const DataDirectory& directory, const Options& options, StartReport& report,
          const sigset_t& signals) {
  server::App app("standalone", MakeServiceConfig(directory, options));
  const auto address = StartUp(directory, options, app);
  if (!address.ok()) {
    report.Failed(address.status().message());
    return 1;
  }
  report.Ready(Announcement(directory, options, app, *address));
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
  const absl::Status prepared = PrepareListener(directory, options, SystemClock().Now(), report);
  if (!prepared.ok()) {
    report.Failed(prepared.message());
    return 1;
  }
  const int status = Serve(directory, options, report, signals);
  unlink(directory.pid().c_str());
  log::Info("stopped");
  return status;
}

}  // namespace countersign::standalone::process
