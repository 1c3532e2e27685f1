#include "libs/pg/pipeline.h"

#include <catch2/catch.hpp>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "libs/base/status.h"
#include "libs/testing/private_postgres.h"

namespace countersign::pg {
namespace {

using testing::PrivatePostgres;

constexpr std::size_t kInsert = 0;
constexpr std::size_t kUpdate = 1;
constexpr std::size_t kRead = 2;

std::vector<std::string> Statements() {
  return {"INSERT INTO t (id, name, data, flag, day) VALUES ($1, $2, $3, $4, $5)",
          "UPDATE t SET name = $2 WHERE id = $1 RETURNING id",
          "SELECT id, id::int, id::smallint, name, data FROM t WHERE id < $1 ORDER BY t.id"};
}

BoundStatement Insert(std::int64_t id, absl::string_view name, absl::string_view data = "") {
  return BoundStatement(kInsert).Int(id).Bytes(name).Bytes(data).Bool(id > 1).Literal("2026-11-22");
}

BoundStatement Update(std::int64_t id, absl::string_view name) {
  return BoundStatement(kUpdate).Int(id).Bytes(name);
}

struct Database {
  explicit Database(PrivatePostgres& server) {
    options.conninfo = SecretString(server.FreshDatabase());
    options.statement_timeout = absl::Seconds(20);
    pool = std::make_unique<Pool>(options);
    pipeline = std::make_unique<Pipeline>(options, Statements());
    Do("CREATE TABLE t (id bigint PRIMARY KEY CHECK (id < 100), name text, data bytea,"
       " flag boolean, day date)");
  }
  void Do(const std::string& sql) {
    const absl::Status status = pool->Transact("test", [&](pqxx::work& transaction) {
      transaction.exec(sql);
      return absl::OkStatus();
    });
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  std::string Ask(const std::string& sql) {
    std::string answer;
    const absl::Status status = pool->Transact("test", [&](pqxx::work& transaction) {
      answer = transaction.exec1(sql)[0].as<std::string>("NULL");
      return absl::OkStatus();
    });
    INFO(status.ToString());
    REQUIRE(status.ok());
    return answer;
  }
  PoolOptions options;
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Pipeline> pipeline;
};

TEST_CASE("Pipeline: all statements are one transaction, and each reports its number of rows",
          "[pg]") {
  Database database(PrivatePostgres::Shared());
  const auto rows = database.pipeline->Run(
      "write", {Insert(1, "a"), Insert(2, "b"), Update(2, "c"), Update(3, "nobody")});
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  CHECK(*rows == std::vector<std::size_t>{1, 1, 1, 0});
  CHECK(database.Ask("SELECT count(DISTINCT xmin::text) FROM t WHERE id = 1 OR name = 'c'") == "1");
  CHECK(database.Ask("SELECT string_agg(name, ',' ORDER BY id) FROM t") == "a,c");
  CHECK(database.pipeline->Run("nothing", {})->empty());
}

TEST_CASE("Pipeline: a query returns its rows unchanged", "[pg]") {
  Database database(PrivatePostgres::Shared());
  std::string data;
  for (int i = 0; i < 256; ++i) data.push_back(static_cast<char>(i));
  REQUIRE(
      database.pipeline->Run("write", {Insert(-7000, "", data), Insert(2, "\xc3\xa9", "")}).ok());
  database.Do("UPDATE t SET data = NULL WHERE id = 2");
  const auto rows = database.pipeline->Query("read", BoundStatement(kRead).Int(50));
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 2);
  for (std::size_t column = 0; column < 3; ++column) {
    CHECK(rows->Int(0, column) == -7000);
    CHECK(rows->Int(1, column) == 2);
  }
  CHECK(rows->Bytes(0, 3).empty());
  CHECK(rows->Bytes(1, 3) == "\xc3\xa9");
  CHECK(rows->Bytes(0, 4) == data);
  CHECK(rows->Bytes(1, 4).empty());
  CHECK(database.pipeline->Query("read", BoundStatement(kRead).Int(-9000))->size() == 0);
}

TEST_CASE("Pipeline: a query that fails returns the error", "[pg]") {
  Database database(PrivatePostgres::Shared());
  database.Do("DROP TABLE t");
  const auto rows = database.pipeline->Query("read", BoundStatement(kRead).Int(1));
  CHECK_FALSE(rows.ok());
}

TEST_CASE("Pipeline: parameters arrive unchanged", "[pg]") {
  Database database(PrivatePostgres::Shared());
  std::string data;
  for (int i = 0; i < 256; ++i) data.push_back(static_cast<char>(i));
  REQUIRE(database.pipeline->Run("write", {Insert(-7, "it's \"\xc3\xa9\" \\x", data)}).ok());
  CHECK(database.Ask("SELECT name FROM t") == "it's \"\xc3\xa9\" \\x");
  CHECK(database.Ask("SELECT sha256(data) = sha256((SELECT string_agg(set_byte('\\x00', 0, i), '' "
                     "ORDER BY i) FROM generate_series(0, 255) i)) FROM t") == "t");
  CHECK(database.Ask("SELECT id FROM t WHERE NOT flag AND day = '2026-11-22'") == "-7");
  REQUIRE(database.pipeline
              ->Run("write", {BoundStatement(kInsert).Int(8).Null().Bytes({}).Null().Null()})
              .ok());
  CHECK(database.Ask("SELECT name IS NULL AND data = '' FROM t WHERE id = 8") == "t");
}

TEST_CASE("Pipeline: a failed statement rolls back all, and the next transaction works", "[pg]") {
  Database database(PrivatePostgres::Shared());
  using Code = absl::StatusCode;
  const auto code = [&](const std::vector<BoundStatement>& statements) {
    return database.pipeline->Run("write", statements).status().code();
  };
  CHECK(code({Insert(1, "a"), Insert(1, "again"), Insert(2, "b")}) == Code::kAlreadyExists);
  CHECK(code({Insert(1, "a"), Insert(100, "too large")}) == Code::kFailedPrecondition);
  CHECK(code({Insert(1, "not UTF-8: \xff")}) == Code::kInternal);
  CHECK(database.Ask("SELECT count(*) FROM t") == "0");
  CHECK(code({Insert(1, "a")}) == Code::kOk);
  CHECK(database.Ask("SELECT count(*) FROM t") == "1");
}

TEST_CASE("Pipeline: a transaction that PostgreSQL rolls back after a deadlock is repeated",
          "[pg]") {
  Database database(PrivatePostgres::Shared());
  REQUIRE(database.pipeline->Run("write", {Insert(1, "a"), Insert(2, "b")}).ok());
  // The last one to wait detects the deadlock first, and is rolled back by PostgreSQL.
  PoolOptions impatient = database.options;
  impatient.conninfo =
      SecretString(impatient.conninfo.Reveal() + " options='-c deadlock_timeout=10ms'");
  impatient.statement_timeout = absl::Seconds(60);
  std::vector<std::string> statements = Statements();
  const std::size_t wait = statements.size();
  statements.push_back("SELECT pg_advisory_xact_lock($1::bigint)");
  Pipeline pipeline(impatient, statements);
  const auto await_waiting = [&](const std::string& count) {
    while (database.Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") != count) {
      std::this_thread::yield();
    }
  };
  std::future<absl::StatusOr<std::vector<std::size_t>>> written;
  std::future<absl::Status> other;
  const absl::Status gate = database.pool->Transact("gate", [&](pqxx::work& transaction) {
    transaction.exec("SELECT pg_advisory_xact_lock(7)");
    written = std::async(std::launch::async, [&] {
      return pipeline.Run("write", {Update(1, "c"), BoundStatement(wait).Int(7), Update(2, "d")});
    });
    await_waiting("1");  // it holds row 1 and waits for the gate
    other = std::async(std::launch::async, [&] {
      return database.pool->Transact("other", [&](pqxx::work& second) {
        second.exec("SET LOCAL deadlock_timeout = '1min'; SET LOCAL statement_timeout = 0");
        second.exec("UPDATE t SET flag = true WHERE id = 2");
        second.exec("UPDATE t SET flag = true WHERE id = 1");
        return absl::OkStatus();
      });
    });
    await_waiting("2");  // the other one holds row 2 and waits for row 1
    return absl::OkStatus();
  });
  CHECK(gate.ok());
  CHECK(other.get().ok());
  const auto rows = written.get();
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  CHECK(*rows == std::vector<std::size_t>{1, 1, 1});
  CHECK(database.Ask("SELECT string_agg(name, ',' ORDER BY id) FROM t WHERE flag") == "c,d");
}

TEST_CASE("Pipeline: a statement that takes too long is DEADLINE_EXCEEDED", "[pg]") {
  Database database(PrivatePostgres::Shared());
  PoolOptions options = database.options;
  options.statement_timeout = absl::Milliseconds(500);
  Pipeline slow(options, {"SELECT pg_sleep($1::bigint)"});
  CHECK(absl::IsDeadlineExceeded(slow.Run("sleep", {BoundStatement(0).Int(600)}).status()));
  CHECK(slow.Run("sleep", {BoundStatement(0).Int(0)}).ok());
}

TEST_CASE("Pipeline: a stopped server is UNAVAILABLE, and is used again when it is back", "[pg]") {
  PrivatePostgres server;
  Database database(server);
  REQUIRE(database.pipeline->Run("write", {Insert(1, "a")}).ok());
  SECTION("killed") { server.Kill(); }
  SECTION("stopped") { server.Stop(); }
  const absl::Status away = database.pipeline->Run("write", {Insert(2, "b")}).status();
  CHECK(absl::IsUnavailable(away));
  CHECK(GetReason(away) == "database_unavailable");
  server.Start();
  CHECK(database.pipeline->Run("write", {Insert(2, "b")}).ok());
  CHECK(database.Ask("SELECT count(*) FROM t") == "2");
}

TEST_CASE("Pipeline: a connection that breaks during a statement commits nothing", "[pg]") {
  Database database(PrivatePostgres::Shared());
  Pipeline suicidal(database.options,
                    {Statements()[0], "SELECT pg_terminate_backend(pg_backend_pid())"});
  const absl::Status status = suicidal.Run("write", {Insert(1, "a"), BoundStatement(1)}).status();
  CHECK_FALSE(status.ok());
  CHECK(database.Ask("SELECT count(*) FROM t") == "0");
  CHECK(suicidal.Run("write", {Insert(2, "b")}).ok());
}

}  // namespace
}  // namespace countersign::pg
