#include "libs/server/app.h"
#include "libs/base/build_version.h"

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/status_listener.h"
#include "libs/json/writer.h"
#include "libs/log/log.h"
#include "libs/metrics/process_metrics.h"
#include "libs/pg/pool.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/credentials.h"
#include "libs/rpc/server_metrics.h"
#include "libs/server/health_service.h"
#include "libs/server/reflection_service.h"

namespace countersign::server {
namespace {

rpc::TlsFiles ToTlsFiles(const config::TlsFileNames& names) {
  return {names.certificate, names.key, names.authority};
}

// Replaces the port: "127.0.0.1:0" and 40123 give "127.0.0.1:40123".
std::string WithPort(absl::string_view address, int port) {
  return absl::StrCat(address.substr(0, address.rfind(':') + 1), port);
}

absl::Status Replace(const std::string& path, absl::string_view content) {
  const std::string temporary = path + ".new";
  {
    errno = 0;
    std::ofstream file(temporary, std::ios::binary);
    file << content;
    if (!file.flush()) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": cannot be written: ", std::strerror(errno)));
    }
  }
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) return absl::FailedPreconditionError(absl::StrCat(path, ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace

struct App::State {
  std::string name;
  config::ServiceConfig config;
  SystemClock clock;
  SystemRandom random;
  metrics::Registry registry;
  std::optional<rpc::MutualTls> tls;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::shared_ptr<void>> owned;
  std::vector<grpc::Service*> services;
  std::vector<std::function<std::string()>> checks;
  std::vector<std::function<void(absl::Duration)>> drains;
  std::map<std::string, std::string> addresses;
  std::unique_ptr<HealthService> health;
  ReflectionService reflection;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<http::StatusListener> status;
  std::string grpc_address;
  std::string metrics_address;
  std::atomic<bool> started{false};
  std::atomic<bool> draining{false};
  bool stopped = false;

  absl::Status NeedTls() {
    if (tls.has_value()) return absl::OkStatus();
    if (!config.tls.has_value()) {
      return absl::FailedPreconditionError("the configuration has no `tls`");
    }
    const rpc::TlsFiles files = ToTlsFiles(*config.tls);
    CS_RETURN_IF_ERROR(rpc::CheckTlsFiles(files, name));
    tls.emplace(files);
    const metrics::Gauge expiry =
        registry
            .Gauges("countersign_cert_expiry_seconds", "Until this service's certificate expires.")
            .With({});
    registry.BeforeExpose([this, expiry, files] {
      const absl::StatusOr<absl::Time> end = rpc::CertificateExpiry(files);
      if (end.ok()) expiry.Set(absl::ToDoubleSeconds(*end - clock.Now()));
    });
    return absl::OkStatus();
  }

  absl::Status Listen(const App& app) {
    if (services.empty()) return absl::OkStatus();
    if (config.listen.empty()) {
      return absl::FailedPreconditionError("the configuration has no `listen`");
    }
    CS_RETURN_IF_ERROR(NeedTls());
    const metrics::CounterFamily denied = registry.Counters(
        "countersign_peer_calls_denied_total", "Calls that the peer rules refused.", {"caller"});
    grpc::ServerBuilder builder;
    rpc::ApplyServerLimits(builder);
    builder.experimental().SetInterceptorCreators(rpc::MeasureCalls(registry, clock));
    int port = 0;
    builder.AddListeningPort(
        config.listen, tls->ForServer([denied](absl::string_view caller, absl::string_view path) {
          denied.With({caller}).Increment();
          log::Warning("call refused by the peer rules", {{"peer", caller}, {"method", path}});
        }),
        &port);
    for (grpc::Service* service : services) builder.RegisterService(service);
    health = std::make_unique<HealthService>([&app] { return app.NotReady(); });
    builder.RegisterService(health.get());
    reflection.AddTo(builder);
    server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", config.listen));
    }
    grpc_address = WithPort(config.listen, port);
    addresses["grpc"] = grpc_address;
    return absl::OkStatus();
  }

  // The metrics that every process has.
  void DeclareMetrics(const App& app) {
    registry
        .Gauges("countersign_build_info", "The program and its version; always 1.",
                {"service", "version"})
        .With({name, std::string(BuildVersion())})
        .Set(1);
    const metrics::Gauge ready =
        registry.Gauges("countersign_ready", "1 while /readyz answers 200, else 0.").With({});
    registry.BeforeExpose([&app, ready] { ready.Set(app.NotReady().empty() ? 1 : 0); });
    metrics::ExposeProcess(registry);
  }

  absl::Status ServeStatus(const App& app) {
    if (config.metrics.empty()) return absl::OkStatus();
    DeclareMetrics(app);
    http::StatusHandlers handlers;
    handlers.not_ready = [&app] { return app.NotReady(); };
    handlers.metrics = [this] { return registry.Expose(); };
    CS_ASSIGN_OR_RETURN(status, http::StatusListener::Start(config.metrics, std::move(handlers)));
    metrics_address = status->address();
    addresses["metrics"] = metrics_address;
    return absl::OkStatus();
  }

  absl::Status WriteAddresses() const {
    if (config.addresses_file.empty()) return absl::OkStatus();
    json::Writer writer;
    writer.BeginObject();
    for (const auto& [what, address] : addresses) writer.Key(what).String(address);
    writer.EndObject();
    return Replace(config.addresses_file, writer.str() + "\n");
  }
};

App::App(std::string name, config::ServiceConfig config) : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->config = std::move(config);
}

App::~App() {
  Stop();
  state_->status.reset();  // Its readiness checks use objects that are destroyed next.
  while (!state_->owned.empty()) state_->owned.pop_back();
}

const std::string& App::name() const { return state_->name; }
const config::ServiceConfig& App::config() const { return state_->config; }
Clock& App::clock() { return state_->clock; }
RandomSource& App::random() { return state_->random; }
metrics::Registry& App::metrics() { return state_->registry; }
void App::Own(std::shared_ptr<void> object) { state_->owned.push_back(std::move(object)); }
void App::Register(grpc::Service& service) { state_->services.push_back(&service); }
const std::string& App::grpc_address() const { return state_->grpc_address; }
const std::string& App::metrics_address() const { return state_->metrics_address; }

absl::StatusOr<std::shared_ptr<grpc::Channel>> App::ChannelTo(absl::string_view service) {
  const auto peer = state_->config.peers.find(std::string(service));
  if (peer == state_->config.peers.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the configuration has no address of `", service, "` under `peers`"));
  }
  CS_RETURN_IF_ERROR(state_->NeedTls());
  std::shared_ptr<grpc::Channel>& channel = state_->channels[peer->first];
  if (channel == nullptr) {
    channel = rpc::MakeChannel(peer->second, state_->tls->ForChannelTo(service));
  }
  return channel;
}

absl::StatusOr<pg::PoolOptions> App::Database(absl::string_view schema) const {
  if (!state_->config.database.has_value()) {
    return absl::FailedPreconditionError("the configuration has no `database`");
  }
  pg::PoolOptions options;
  options.conninfo = state_->config.database->conninfo;
  options.max_connections = state_->config.database->connections;
  options.search_path = std::string(schema);
  return options;
}

absl::StatusOr<std::string> App::SecretPath(absl::string_view name) const {
  if (state_->config.secrets.empty()) {
    return absl::FailedPreconditionError("the configuration names no folder of `secrets`");
  }
  return absl::StrCat(state_->config.secrets, "/", name);
}

void App::ReadyWhen(std::function<std::string()> check) {
  state_->checks.push_back(std::move(check));
}

void App::ReadyWhenConnected(pg::Pool& pool) {
  ReadyWhen([&pool] { return pool.Ping().ok() ? "" : "the database does not answer"; });
}

void App::OnDrain(std::function<void(absl::Duration)> drain) {
  state_->drains.push_back(std::move(drain));
}

void App::ShowAddress(std::string name, std::string address) {
  state_->addresses[std::move(name)] = std::move(address);
}

absl::Status App::Start() {
  CS_RETURN_IF_ERROR(state_->Listen(*this));
  CS_RETURN_IF_ERROR(state_->ServeStatus(*this));
  CS_RETURN_IF_ERROR(state_->WriteAddresses());
  for (const auto& [what, address] : state_->addresses) {
    log::Info("listening", {{"name", what}, {"address", address}});
  }
  state_->started = true;
  return absl::OkStatus();
}

void App::BeginDrain() { state_->draining = true; }

void App::Stop() {
  if (std::exchange(state_->stopped, true)) return;
  BeginDrain();
  const absl::Duration timeout = state_->config.drain_timeout;
  if (state_->started) {
    for (const auto& drain : state_->drains) drain(timeout);
    if (state_->health != nullptr) state_->health->EndStreams();
  }
  if (state_->server != nullptr) {
    state_->server->Shutdown(absl::ToChronoTime(state_->clock.Now() + timeout));
    state_->server.reset();
  }
}

std::string App::NotReady() const {
  if (state_->draining) return "stopping";
  if (!state_->started) return "starting";
  for (const auto& check : state_->checks) {
    if (std::string missing = check(); !missing.empty()) return missing;
  }
  return "";
}

}  // namespace countersign::server
