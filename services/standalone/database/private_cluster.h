#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "services/standalone/database/system_user.h"

namespace countersign::standalone::database {

// A private PostgreSQL under `folder`: created on first use, reachable through a Unix socket in a
// folder that only its user and root can enter, started and stopped with this object. It is
// durable: fsync is on, pages have checksums.
//
// The server runs in its own session and survives a gateway that is killed; the next Start shuts
// that server down before it starts a new one. A server that dies is restarted. Thread-safe after
// Start.
class PrivateCluster {
 public:
  static constexpr char kSuperuser[] = "countersign";

  // Returns when the server accepts connections. FAILED_PRECONDITION when no PostgreSQL is
  // installed, or not the version that created the data; INTERNAL with the last lines of the
  // server's log.
  static absl::StatusOr<std::unique_ptr<PrivateCluster>> Start(const std::string& folder,
                                                               const SystemUser& user);
  ~PrivateCluster();
  PrivateCluster(const PrivateCluster&) = delete;
  PrivateCluster& operator=(const PrivateCluster&) = delete;

  // Fast shutdown: running transactions are rolled back. Idempotent; waits.
  void Stop();

  // libpq keywords for `role` in `database`. Roles have no passwords, because the socket's folder
  // restricts access.
  SecretString Conninfo(const std::string& role, const std::string& database) const;

  pid_t pid() const;  // of the server; 0 when it is not running

  // Stops a server that a killed gateway left in `folder`, if there is one. OK when none is running
  // afterwards.
  static absl::Status StopLeftBehind(const std::string& folder);

 private:
  struct State;
  explicit PrivateCluster(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The folder for the server's socket: `folder`/socket if that path is short enough for the kernel,
// otherwise a folder in `short_base` with a random name. Exposed for its test.
absl::StatusOr<std::string> ChooseSocketFolder(const std::string& folder,
                                               const std::string& short_base,
                                               const SystemUser& user);

}  // namespace countersign::standalone::database
