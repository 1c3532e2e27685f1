#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/config/service_config.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/pool.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

// A service process: what exists, in what order, and how it starts and stops.
namespace countersign::server {

// Owns the object graph of one process. `Wire` functions fill it; not thread-safe.
class App {
 public:
  App(std::string name, config::ServiceConfig config);
  // Destroys what Make made in reverse order.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  const std::string& name() const;
  const config::ServiceConfig& config() const;
  Clock& clock();
  RandomSource& random();
  metrics::Registry& metrics();

  // Makes a T that lives until the App is destroyed, longer than everything made after it.
  template <typename T, typename... Args>
  T& Make(Args&&... args) {
    return Keep(std::make_unique<T>(std::forward<Args>(args)...));
  }
  template <typename T>
  T& Keep(std::unique_ptr<T> object) {
    T& made = *object;
    Own(std::shared_ptr<void>(std::move(object)));
    return made;
  }

  // Serves `service` on the `listen` address, with mutual TLS, peer rules, limits and metrics.
  // REQUIRES: called before Start; `service` lives as long as the App.
  void Serve(grpc::Service& service);

  // A channel to the service of that name ("authn", "session-recorder") with mutual TLS. The same
  // one for each call. FAILED_PRECONDITION when the configuration has no such peer.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(absl::string_view service);

  // Options for a pg::Pool on the configured database, in `schema`. FAILED_PRECONDITION when there
  // is no `database`.
  absl::StatusOr<pg::PoolOptions> Database(absl::string_view schema) const;

  // The file `name` in the service's folder of secrets. FAILED_PRECONDITION without `secrets`.
  absl::StatusOr<std::string> SecretPath(absl::string_view name) const;

  // The process is ready when every check says "" (else: what is missing). Asked by /readyz, a few
  // at a time, off the network threads; they may take milliseconds.
  void ReadyWhen(std::function<std::string()> check);

  // Runs when the process was told to stop, before its gRPC server is shut down, in the order of
  // the calls; each may take up to `drain_timeout`.
  void OnDrain(std::function<void()> drain);

  // An address to show in `addressesFile` beside "grpc" and "metrics".
  void ShowAddress(std::string name, std::string address);

  // Opens the listeners and writes `addressesFile`. UNAVAILABLE when an address is taken.
  absl::Status Start();
  // Not ready; waits `drain_delay`; drains; shuts the server down within `drain_timeout`.
  // Idempotent; called by the destructor without the delay.
  void Stop();

  const std::string& grpc_address() const;     // with the real port; empty before Start
  const std::string& metrics_address() const;  // the same

  std::string NotReady() const;  // "" when ready

 private:
  void Own(std::shared_ptr<void> object);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::server
