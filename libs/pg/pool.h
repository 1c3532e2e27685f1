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

// Prepended to the operator's conninfo, which takes precedence: the last value of a keyword counts.
inline constexpr absl::string_view kConnectionDefaults =
    "connect_timeout=3 tcp_user_timeout=10000 client_encoding=UTF8 ";

// A bounded pool of libpqxx connections, made on demand and discarded when they break. Blocking:
// never call it on a network thread (use base::ThreadPool). Thread-safe.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  // Runs `body` in a READ COMMITTED transaction; commits when it returns OK, otherwise rolls back.
  // libpqxx exceptions become statuses: UNAVAILABLE when the server cannot be reached or the
  // connection broke before the commit was sent, UNKNOWN (reason `commit_unknown`) when it broke
  // during the commit, ABORTED for serialization failures and deadlocks (reason
  // `database_conflict`), ALREADY_EXISTS for unique violations, FAILED_PRECONDITION for other
  // constraint violations, DEADLINE_EXCEEDED for a statement timeout, INTERNAL otherwise.
  //
  // A transaction that the server rolled back because of another one (`database_conflict`) is
  // repeated, up to four times; nothing else is retried. REQUIRES: `body` may run more than once,
  // so it must reset its results.
  //
  // `what` describes the work in a few words; every error message starts with it.
  absl::Status Transact(absl::string_view what,
                        const std::function<absl::Status(pqxx::work&)>& body);

  // An additional connection with the same options, for LISTEN or COPY loops; it does not count in
  // the pool's limit.
  absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect();

  const PoolOptions& options() const;

  // OK when the database answers on a connection.
  absl::Status Ping();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::pg
