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

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace countersign::pg {
class Pool;
struct PoolOptions;
}  // namespace countersign::pg

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

  // The process is ready when every check says "" (else: what is missing). Asked by /readyz, one at
  // a time, on a thread of its own.
  void ReadyWhen(std::function<std::string()> check);
  void ReadyWhenConnected(pg::Pool& pool);  // the database answers

  // Runs when the process was told to stop, before its gRPC server is shut down, in the order of
  // the calls; each gets the time that it may take.
  void OnDrain(std::function<void(absl::Duration timeout)> drain);

  // An address to show in `addressesFile` beside "grpc" and "metrics".
  void ShowAddress(std::string name, std::string address);

  // Opens the listeners and writes `addressesFile`. UNAVAILABLE when an address is taken,
  // FAILED_PRECONDITION when the configuration lacks what is needed.
  absl::Status Start();
  // From now on not ready, so that nothing new is sent here.
  void BeginDrain();
  // Drains, then shuts the server down: calls that are running get `drain_timeout`. Idempotent;
  // the destructor calls it.
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
