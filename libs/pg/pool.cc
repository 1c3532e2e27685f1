#include "libs/pg/pool.h"

#include <poll.h>

#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/pg/pg_errors.h"

namespace countersign::pg {
namespace {

using Connection = std::unique_ptr<pqxx::connection>;

// Call it in a catch block: the status of the current exception.
absl::Status FromException(Phase phase) {
  try {
    throw;
  } catch (const pqxx::in_doubt_error& e) {
    return BrokenConnection(Phase::kCommit, FirstLine(e.what()));
  } catch (const pqxx::statement_completion_unknown& e) {
    return BrokenConnection(Phase::kCommit, FirstLine(e.what()));
  } catch (const pqxx::broken_connection& e) {
    return BrokenConnection(phase, FirstLine(e.what()));
  } catch (const pqxx::deadlock_detected& e) {
    return Conflict(FirstLine(e.what()));
  } catch (const pqxx::serialization_failure& e) {
    return Conflict(FirstLine(e.what()));
  } catch (const pqxx::transaction_rollback& e) {
    return absl::AbortedError(FirstLine(e.what()));
  } catch (const pqxx::unique_violation& e) {
    return absl::AlreadyExistsError(FirstLine(e.what()));
  } catch (const pqxx::integrity_constraint_violation& e) {
    return absl::FailedPreconditionError(FirstLine(e.what()));
  } catch (const pqxx::sql_error& e) {
    return FromSqlState(phase, e.sqlstate(), FirstLine(e.what()));
  } catch (const std::exception& e) {
    return absl::InternalError(FirstLine(e.what()));
  }
}

absl::Status RunTransaction(pqxx::connection& connection,
                            const std::function<absl::Status(pqxx::work&)>& body) {
  Phase phase = Phase::kBeforeCommit;
  try {
    pqxx::work transaction(connection);
    CS_RETURN_IF_ERROR(body(transaction));
    phase = Phase::kCommit;
    transaction.commit();
    return absl::OkStatus();
  } catch (...) {
    absl::Status status = FromException(phase);
    // When the server shuts down it may report an ordinary failure of the interrupted statement.
    if (status.code() == absl::StatusCode::kInternal && !connection.is_open()) {
      return BrokenConnection(phase, status.message());
    }
    return status;
  }
}

// Whether the server has closed an idle connection. It never sends anything else on one.
bool HungUp(const pqxx::connection& connection) {
  pollfd socket{connection.sock(), POLLIN | POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) != 0;
}

}  // namespace

struct Pool::State {
  explicit State(PoolOptions o) : options(std::move(o)) {}

  absl::StatusOr<Connection> Acquire();
  void Release(Connection connection);
  absl::StatusOr<Connection> Make() const;

  const PoolOptions options;
  Mutex mutex;
  CondVar returned;
  std::vector<Connection> idle CS_GUARDED_BY(mutex);
  std::size_t in_use CS_GUARDED_BY(mutex) = 0;
};

absl::StatusOr<Connection> Pool::State::Make() const {
  try {
    auto connection = std::make_unique<pqxx::connection>(
        absl::StrCat(kConnectionDefaults, options.conninfo.Reveal()));
    connection->set_variable("client_min_messages", "warning");
    connection->set_variable("statement_timeout",
                             absl::StrCat(absl::ToInt64Milliseconds(options.statement_timeout)));
    if (!options.search_path.empty()) {
      connection->set_variable("search_path", connection->quote_name(options.search_path));
    }
    return connection;
  } catch (const pqxx::broken_connection& e) {
    return BrokenConnection(Phase::kBeforeCommit, FirstLine(e.what()));
  } catch (...) {
    return FromException(Phase::kBeforeCommit);
  }
}

absl::StatusOr<Connection> Pool::State::Acquire() {
  {
    const MutexLock lock(mutex);
    const bool free = returned.WaitFor(mutex, options.acquire_timeout, [this]() CS_REQUIRES(mutex) {
      return in_use < options.max_connections;
    });
    if (!free) {
      return WithReason(absl::UnavailableError("every database connection is in use"),
                        "database_busy");
    }
    ++in_use;
    while (!idle.empty()) {
      Connection connection = std::move(idle.back());
      idle.pop_back();
      if (!HungUp(*connection)) return connection;
    }
  }
  auto made = Make();
  if (!made.ok()) Release(nullptr);
  return made;
}

void Pool::State::Release(Connection connection) {
  {
    const MutexLock lock(mutex);
    --in_use;
    if (connection != nullptr && connection->is_open()) idle.push_back(std::move(connection));
  }
  returned.NotifyOne();
}

Pool::Pool(PoolOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Pool::~Pool() = default;

const PoolOptions& Pool::options() const { return state_->options; }

absl::Status Pool::Transact(absl::string_view what,
                            const std::function<absl::Status(pqxx::work&)>& body) {
  auto connection = state_->Acquire();
  if (!connection.ok()) return Annotate(connection.status(), what);
  absl::Status status = RunTransaction(**connection, body);
  for (int attempt = 1; IsConflict(status) && attempt < kMaxAttempts; ++attempt) {
    status = RunTransaction(**connection, body);
  }
  const bool broken = status.code() == absl::StatusCode::kUnavailable ||
                      status.code() == absl::StatusCode::kUnknown;
  state_->Release(broken ? nullptr : *std::move(connection));
  return Annotate(status, what);
}

absl::StatusOr<std::unique_ptr<pqxx::connection>> Pool::Connect() { return state_->Make(); }

absl::Status Pool::Ping() {
  return Transact("ping", [](pqxx::work& transaction) {
    transaction.exec1("SELECT 1");
    return absl::OkStatus();
  });
}

}  // namespace countersign::pg
