#include "libs/pg/pipeline.h"

#include <libpq-fe.h>
#include <poll.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/pg/pg_errors.h"

namespace countersign::pg {
namespace {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

constexpr int kText = 0, kBinary = 1;  // libpq's formats

std::string StatementName(std::size_t number) { return absl::StrCat("s", number); }

bool Succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

absl::Status FromResult(Phase phase, const PGconn* connection, const PGresult* result) {
  if (result == nullptr) return BrokenConnection(phase, FirstLine(PQerrorMessage(connection)));
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  // Errors detected by libpq itself have no SQLSTATE: the connection broke.
  if (state == nullptr) return BrokenConnection(phase, FirstLine(PQresultErrorMessage(result)));
  return FromSqlState(phase, state, primary == nullptr ? "" : primary);
}

bool HungUp(const PGconn* connection) {
  pollfd socket{PQsocket(connection), POLLIN | POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) != 0;
}

std::size_t RowCount(PGresult* result) {
  std::size_t count = 0;
  return absl::SimpleAtoi(PQcmdTuples(result), &count) ? count : 0;
}

}  // namespace

std::size_t BinaryRows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }

absl::string_view BinaryRows::Bytes(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row), c = static_cast<int>(column);
  return {PQgetvalue(result_.get(), r, c),
          static_cast<std::size_t>(PQgetlength(result_.get(), r, c))};
}

std::int64_t BinaryRows::Int(std::size_t row, std::size_t column) const {
  std::int64_t number = 0;
  const absl::string_view bytes = Bytes(row, column);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    number = i == 0 ? static_cast<signed char>(byte) : number * 256 + byte;
  }
  return number;
}

BoundStatement& BoundStatement::Keep(std::string bytes, int format) {
  Value& value = values_.emplace_back();
  value.size = bytes.size();
  value.format = format;
  value.kept = std::move(bytes);
  return *this;
}

BoundStatement& BoundStatement::Bytes(absl::string_view bytes) {
  values_.push_back({bytes.data(), bytes.size(), kBinary});
  return *this;
}

BoundStatement& BoundStatement::Int(std::int64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> shift));
  }
  return Keep(std::move(bytes), kBinary);
}

BoundStatement& BoundStatement::Bool(bool value) {
  return Keep(std::string(1, value ? '\1' : '\0'), kBinary);
}

BoundStatement& BoundStatement::Literal(std::string text) { return Keep(std::move(text), kText); }

BoundStatement& BoundStatement::Null() {
  values_.emplace_back().is_null = true;
  return *this;
}

struct Pipeline::State {
  absl::Status Connect(Connection& connection) const;
  static absl::Status Send(const std::vector<BoundStatement>& bound, PGconn* connection);
  absl::Status RunOnce(const std::vector<BoundStatement>& bound, Connection& connection,
                       std::vector<Result>& results) const;
  absl::StatusOr<std::vector<Result>> Run(absl::string_view what,
                                          const std::vector<BoundStatement>& bound);
  Connection TakeIdle();
  void PutBack(Connection connection);

  PoolOptions options;
  std::vector<std::string> statements;
  Mutex mutex;
  std::vector<Connection> idle CS_GUARDED_BY(mutex);
};

absl::Status Pipeline::State::Connect(Connection& connection) const {
  connection.reset(
      PQconnectdb(absl::StrCat(kConnectionDefaults, options.conninfo.Reveal()).c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return BrokenConnection(Phase::kBeforeCommit, FirstLine(PQerrorMessage(connection.get())));
  }
  // Every statement runs many times, so each gets one generic plan.
  constexpr const char* kSettings =
      "SELECT set_config('search_path', quote_ident($1), false), "
      "set_config('statement_timeout', $2, false), "
      "set_config('plan_cache_mode', 'force_generic_plan', false), "
      "set_config('client_min_messages', 'warning', false)";
  const std::string timeout = absl::StrCat(absl::ToInt64Milliseconds(options.statement_timeout));
  const std::string path = options.search_path.empty() ? "public" : options.search_path;
  const char* const values[] = {path.c_str(), timeout.c_str()};
  const Result set(
      PQexecParams(connection.get(), kSettings, 2, nullptr, values, nullptr, nullptr, 0));
  if (!Succeeded(set.get())) return FromResult(Phase::kBeforeCommit, connection.get(), set.get());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Result prepared(
        PQprepare(connection.get(), StatementName(i).c_str(), statements[i].c_str(), 0, nullptr));
    if (!Succeeded(prepared.get())) {
      return FromResult(Phase::kBeforeCommit, connection.get(), prepared.get());
    }
  }
  PQenterPipelineMode(connection.get());
  return absl::OkStatus();
}

absl::Status Pipeline::State::Send(const std::vector<BoundStatement>& bound, PGconn* connection) {
  std::vector<const char*> values;
  std::vector<int> sizes, formats;
  for (const BoundStatement& statement : bound) {
    values.clear();
    sizes.clear();
    formats.clear();
    for (const BoundStatement::Value& value : statement.values_) {
      const char* const bytes = value.bytes == nullptr ? value.kept.c_str() : value.bytes;
      values.push_back(value.is_null ? nullptr : bytes);
      sizes.push_back(static_cast<int>(value.size));
      formats.push_back(value.format);
    }
    const int sent = PQsendQueryPrepared(connection, StatementName(statement.statement_).c_str(),
                                         static_cast<int>(values.size()), values.data(),
                                         sizes.data(), formats.data(), kBinary);
    if (sent == 1) continue;
    return BrokenConnection(Phase::kBeforeCommit, FirstLine(PQerrorMessage(connection)));
  }
  if (PQpipelineSync(connection) == 1) return absl::OkStatus();
  return BrokenConnection(Phase::kCommit, FirstLine(PQerrorMessage(connection)));
}

// The server commits at the end of the pipeline, after every statement has run; if one failed,
// nothing was committed.
absl::Status Receive(std::size_t count, PGconn* connection, std::vector<Result>& results) {
  absl::Status failed;
  while (true) {
    Result result(PQgetResult(connection));  // null after each statement's last one
    const ExecStatusType status =
        result == nullptr ? PGRES_COMMAND_OK : PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) return failed;
    if (result != nullptr && Succeeded(result.get())) {
      results.push_back(std::move(result));
    } else if (result != nullptr && status != PGRES_PIPELINE_ABORTED && failed.ok()) {
      const bool is_server = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) != nullptr;
      const Phase phase =
          is_server && results.size() < count ? Phase::kBeforeCommit : Phase::kCommit;
      failed = FromResult(phase, connection, result.get());
    }
    if (PQstatus(connection) == CONNECTION_OK) continue;
    if (!failed.ok()) return failed;
    return BrokenConnection(Phase::kCommit, FirstLine(PQerrorMessage(connection)));
  }
}

absl::Status Pipeline::State::RunOnce(const std::vector<BoundStatement>& bound,
                                      Connection& connection, std::vector<Result>& results) const {
  results.clear();
  if (connection == nullptr || HungUp(connection.get())) CS_RETURN_IF_ERROR(Connect(connection));
  CS_RETURN_IF_ERROR(Send(bound, connection.get()));
  return Receive(bound.size(), connection.get(), results);
}

Connection Pipeline::State::TakeIdle() {
  const MutexLock lock(mutex);
  if (idle.empty()) return nullptr;
  Connection connection = std::move(idle.back());
  idle.pop_back();
  return connection;
}

void Pipeline::State::PutBack(Connection connection) {
  if (PQstatus(connection.get()) != CONNECTION_OK) return;
  const MutexLock lock(mutex);
  idle.push_back(std::move(connection));
}

absl::StatusOr<std::vector<Result>> Pipeline::State::Run(absl::string_view what,
                                                         const std::vector<BoundStatement>& bound) {
  Connection connection = TakeIdle();
  std::vector<Result> results;
  absl::Status status = RunOnce(bound, connection, results);
  for (int attempt = 1; IsConflict(status) && attempt < kMaxAttempts; ++attempt) {
    status = RunOnce(bound, connection, results);
  }
  const bool broken = status.code() == absl::StatusCode::kUnavailable ||
                      status.code() == absl::StatusCode::kUnknown;
  if (!broken) PutBack(std::move(connection));
  if (status.ok()) return results;
  return Annotate(status, what);
}

Pipeline::Pipeline(PoolOptions options, std::vector<std::string> statements)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->statements = std::move(statements);
}
Pipeline::~Pipeline() = default;

absl::StatusOr<std::vector<std::size_t>> Pipeline::Run(
    absl::string_view what, const std::vector<BoundStatement>& statements) {
  CS_ASSIGN_OR_RETURN(const std::vector<Result> results, state_->Run(what, statements));
  std::vector<std::size_t> rows;
  for (const Result& result : results) rows.push_back(RowCount(result.get()));
  return rows;
}

absl::StatusOr<BinaryRows> Pipeline::Query(absl::string_view what,
                                           const BoundStatement& statement) {
  CS_ASSIGN_OR_RETURN(std::vector<Result> results, state_->Run(what, {statement}));
  return BinaryRows(std::move(results.at(0)));
}

}  // namespace countersign::pg
