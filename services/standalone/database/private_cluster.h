#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "services/standalone/database/system_user.h"

namespace countersign::standalone::database {

// A PostgreSQL of this gateway's own under `folder`: made on first use, reachable over a Unix
// socket in a folder that only its user (and root) can enter, started and stopped with this object.
// It is durable: fsync stays on, pages carry checksums.
//
// It runs in a session of its own and outlives a gateway that is killed; the next Start stops what
// was left behind, cleanly, before it starts anew. When the server dies by itself it is started
// again. Thread-safe after Start.
class PrivateCluster {
 public:
  static constexpr char kSuperuser[] = "countersign";

  // Returns when the server accepts connections. FAILED_PRECONDITION when there is no PostgreSQL
  // program, or not of the version that made the data; INTERNAL with the end of the server's log.
  static absl::StatusOr<std::unique_ptr<PrivateCluster>> Start(const std::string& folder,
                                                               const SystemUser& user);
  ~PrivateCluster();
  PrivateCluster(const PrivateCluster&) = delete;
  PrivateCluster& operator=(const PrivateCluster&) = delete;

  // Fast shutdown: running transactions are rolled back. Idempotent; waits.
  void Stop();

  // libpq keywords for `role` in `database`. Roles need no password: the socket's folder is the
  // lock.
  SecretString Conninfo(const std::string& role, const std::string& database) const;

  pid_t pid() const;  // of the server; 0 when it does not run

  // Stops a server that a killed gateway left in `folder`, if there is one. OK when none runs
  // afterwards.
  static absl::Status StopLeftBehind(const std::string& folder);

 private:
  struct State;
  explicit PrivateCluster(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Where the server's socket may live: `folder`/socket if its path is short enough for the kernel,
// else a folder in `short_base` with a random name. Exposed for its test.
absl::StatusOr<std::string> ChooseSocketFolder(const std::string& folder,
                                               const std::string& short_base,
                                               const SystemUser& user);

}  // namespace countersign::standalone::database
