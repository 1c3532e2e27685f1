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
#include "libs/base/health_check.h"
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

// A service process: its objects, their order, and how it starts and stops.
namespace countersign::server {

// Owns the objects of one process. Filled by a `Wire` function. Not thread-safe.
class App {
 public:
  App(std::string name, config::ServiceConfig config);
  // Destroys the objects made by Make in reverse order.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  const std::string& name() const;
  const config::ServiceConfig& config() const;
  Clock& clock();
  RandomSource& random();
  metrics::Registry& metrics();

  // Constructs a T that lives until the App is destroyed, longer than objects made later.
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

  // Serves `service` on the `listen` address with mutual TLS, peer rules, limits and metrics. Its
  // EndStreams(), if it has one, is called when a drain begins, because streams may not end by
  // themselves. Beside all services there are grpc.health.v1, whose state is that of /readyz, and
  // server reflection.
  // REQUIRES: called before Start; `service` outlives the App.
  template <typename Service>
  void Serve(Service& service) {
    Register(service);
    if constexpr (requires { service.EndStreams(); }) {
      OnDrain([&service](absl::Duration) { service.EndStreams(); });
    }
  }

  // A channel with mutual TLS to the named service ("authn", "session-recorder"); the same one on
  // each call. FAILED_PRECONDITION when the configuration has no such peer.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(absl::string_view service);

  // Options for a pg::Pool on the configured database with `schema`. FAILED_PRECONDITION without
  // `database` in the configuration.
  absl::StatusOr<pg::PoolOptions> Database(absl::string_view schema) const;

  // The path of `name` in the service's folder of secrets. FAILED_PRECONDITION without `secrets`.
  absl::StatusOr<std::string> SecretPath(absl::string_view name) const;

  // The process is ready when every check returns ""; otherwise a check returns what is missing.
  // Checks are called for /readyz and grpc.health.v1, on threads of their own.
  void ReadyWhen(std::function<std::string()> check);
  void ReadyWhenConnected(pg::Pool& pool);  // the database answers

  // Looks at this process (examine.h), at its database if there is one, and at what `more` sees.
  // Both must exist as long as the examiner.
  HealthExaminer Examiner(pg::Pool* database = nullptr, HealthExaminer more = nullptr);

  // Runs `drain` after the process was told to stop and before its gRPC server shuts down, in the
  // order of the calls; each gets the remaining time.
  void OnDrain(std::function<void(absl::Duration timeout)> drain);

  // Adds an address to `addressesFile`, beside "grpc" and "metrics".
  void ShowAddress(std::string name, std::string address);

  // Opens the listeners and writes `addressesFile`. UNAVAILABLE when an address is taken;
  // FAILED_PRECONDITION when the configuration is incomplete.
  absl::Status Start();
  // Makes the process not ready, so that no new calls are sent to it.
  void BeginDrain();
  // Drains, then shuts the server down; running calls get `drain_timeout`. Idempotent; called by
  // the destructor.
  void Stop();

  const std::string& grpc_address() const;     // with the actual port; empty before Start
  const std::string& metrics_address() const;  // the same

  std::string NotReady() const;  // "" when ready

 private:
  void Register(grpc::Service& service);
  void Own(std::shared_ptr<void> object);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::server
