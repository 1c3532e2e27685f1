#pragma once

#include <functional>
#include <memory>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"

namespace countersign::pg {

struct PoolOptions {
  SecretString conninfo;  // libpq keywords: host=… dbname=… user=…
  std::size_t max_connections = 8;
  absl::Duration acquire_timeout = absl::Seconds(2);  // then UNAVAILABLE
  absl::Duration statement_timeout = absl::Seconds(10);
  std::string search_path;  // the service's schema
};

// Comes before what the operator wrote, which wins: of a keyword the last one counts.
inline constexpr absl::string_view kConnectionDefaults =
    "connect_timeout=3 tcp_user_timeout=10000 client_encoding=UTF8 ";

// A bounded pool of libpqxx connections, made on demand and thrown away when they break. Blocking:
// never call it on a network thread (base::ThreadPool). Thread-safe.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  // Runs `body` in a READ COMMITTED transaction and commits when it returns OK, else rolls back.
  // Exceptions of libpqxx become statuses: UNAVAILABLE when the server cannot be reached or the
  // connection broke before the commit was sent, UNKNOWN (reason `commit_unknown`) when it broke
  // during the commit, ABORTED for serialization failures and deadlocks, ALREADY_EXISTS for unique
  // violations, FAILED_PRECONDITION for other constraint violations, DEADLINE_EXCEEDED for a
  // statement timeout, INTERNAL for the rest. Nothing is retried here.
  //
  // `what` says in a few words what was being done; it starts every error message.
  absl::Status Transact(absl::string_view what,
                        const std::function<absl::Status(pqxx::work&)>& body);

  // One connection outside of the pool's count for LISTEN or COPY loops, made with the same
  // options.
  absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect();

  const PoolOptions& options() const;

  // OK when a connection answers.
  absl::Status Ping();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::pg
