#include "libs/pg/pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "libs/base/status.h"
#include "libs/pg/pg_errors.h"
#include "libs/testing/private_postgres.h"

namespace countersign::pg {
namespace {

using testing::PrivatePostgres;

PoolOptions Options(const std::string& conninfo) {
  PoolOptions options;
  options.conninfo = SecretString(conninfo);
  return options;
}

std::string FreshDatabase() { return PrivatePostgres::Shared().FreshDatabase(); }

absl::Status Run(Pool& pool, const std::string& sql) {
  return pool.Transact("test", [&](pqxx::work& transaction) {
    transaction.exec(sql);
    return absl::OkStatus();
  });
}

int Count(Pool& pool, const std::string& table) {
  int count = -1;
  const auto status = pool.Transact("count", [&](pqxx::work& transaction) {
    count = transaction.exec1("SELECT count(*) FROM " + table)[0].as<int>();
    return absl::OkStatus();
  });
  INFO(status.ToString());
  CHECK(status.ok());
  return count;
}

}  // namespace

TEST_CASE("Pool: changes are committed when the body returns OK", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  REQUIRE(Run(pool, "CREATE TABLE t (a int)").ok());
  REQUIRE(Run(pool, "INSERT INTO t VALUES (1)").ok());
  CHECK(Count(pool, "t") == 1);
}

TEST_CASE("Pool: an error of the body rolls back and is returned with its reason", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  REQUIRE(Run(pool, "CREATE TABLE t (a int)").ok());
  const absl::Status status = pool.Transact("vote", [](pqxx::work& transaction) {
    transaction.exec("INSERT INTO t VALUES (1)");
    return WithReason(absl::FailedPreconditionError("no"), "not_yet");
  });
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status.message() == "vote: no");
  CHECK(GetReason(status) == "not_yet");
  CHECK(Count(pool, "t") == 0);
}

TEST_CASE("Pool: failures of PostgreSQL become the statuses of the contract", "[pg]") {
  const PoolOptions options = Options(FreshDatabase());
  PoolOptions hasty_options = options;
  hasty_options.statement_timeout = absl::Milliseconds(50);
  Pool pool(options);
  Pool hasty(std::move(hasty_options));
  REQUIRE(Run(pool,
              "CREATE TABLE t (a int PRIMARY KEY CHECK (a > 0),"
              " b int REFERENCES t(a) DEFERRABLE INITIALLY DEFERRED)")
              .ok());
  REQUIRE(Run(pool, "INSERT INTO t VALUES (1)").ok());
  using Code = absl::StatusCode;
  CHECK(Run(pool, "INSERT INTO t VALUES (1)").code() == Code::kAlreadyExists);
  CHECK(Run(pool, "INSERT INTO t VALUES (0)").code() == Code::kFailedPrecondition);
  CHECK(Run(pool, "INSERT INTO t VALUES (2, 9)").code() == Code::kFailedPrecondition);  // at commit
  CHECK(Run(hasty, "SELECT pg_sleep(600)").code() == Code::kDeadlineExceeded);
  CHECK(Run(pool, "SELEC 1").code() == Code::kInternal);
  CHECK(Run(pool, "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END$$").code() ==
        Code::kAborted);
  CHECK(Run(pool, "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END$$").code() ==
        Code::kAborted);
  CHECK(Count(pool, "t") == 1);
}

TEST_CASE("Pool: transactions in a deadlock are repeated until both succeed", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  REQUIRE(Run(pool, "CREATE TABLE t (a int, n int); INSERT INTO t VALUES (1, 0), (2, 0)").ok());
  std::atomic<int> holding{0}, runs{0};
  const auto update_both = [&](int first, int second) {
    return pool.Transact("update both", [&, tried = false](pqxx::work& transaction) mutable {
      ++runs;
      transaction.exec("SET LOCAL deadlock_timeout = '10ms'");
      transaction.exec("UPDATE t SET n = n + 1 WHERE a = " + std::to_string(first));
      ++holding;
      // In the first round each holds the lock that the other one wants.
      const bool first_run = !std::exchange(tried, true);
      while (first_run && holding < 2) std::this_thread::yield();
      transaction.exec("UPDATE t SET n = n + 1 WHERE a = " + std::to_string(second));
      return absl::OkStatus();
    });
  };
  auto forth = std::async(std::launch::async, [&] { return update_both(1, 2); });
  const absl::Status back = update_both(2, 1);
  CHECK(forth.get().ok());
  INFO(back.ToString());
  CHECK(back.ok());
  CHECK(runs >= 3);
  CHECK(Count(pool, "t WHERE n = 2") == 2);
}

TEST_CASE("Pool: the number of attempts is limited", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  int runs = 0;
  const auto fail = [&](const std::string& state) {
    runs = 0;
    return pool.Transact("test", [&](pqxx::work& transaction) {
      ++runs;
      transaction.exec("DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '" + state + "'; END$$");
      return absl::OkStatus();
    });
  };
  for (const char* const state : {"40001", "40P01"}) {
    const absl::Status status = fail(state);
    CHECK(absl::IsAborted(status));
    CHECK(GetReason(status) == "database_conflict");
    CHECK(runs == kMaxAttempts);
  }
  CHECK_FALSE(fail("23505").ok());
  CHECK(runs == 1);
  CHECK_FALSE(fail("55P03").ok());  // a NOWAIT lock
  CHECK(runs == 1);
}

TEST_CASE("Pool: errors of the body itself are not retried", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  int runs = 0;
  const absl::Status status = pool.Transact("test", [&](pqxx::work&) {
    ++runs;
    return absl::AbortedError("the number is taken");
  });
  CHECK(absl::IsAborted(status));
  CHECK(runs == 1);
}

TEST_CASE("Pool: an exception from outside libpqxx is INTERNAL and rolls back", "[pg]") {
  Pool pool(Options(FreshDatabase()));
  const absl::Status status = pool.Transact("read", [](pqxx::work& transaction) {
    transaction.exec1("SELECT 'x'")[0].as<int>();
    return absl::OkStatus();
  });
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(pool.Ping().ok());
}

TEST_CASE("Pool: a connection that breaks before the commit is UNAVAILABLE, the next one works",
          "[pg]") {
  Pool pool(Options(FreshDatabase()));
  const absl::Status status =
      Run(pool, "SELECT pg_terminate_backend(pg_backend_pid()); SELECT pg_sleep(1)");
  INFO(status.ToString());
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(pool.Ping().ok());
}

TEST_CASE("Pool: a connection that breaks during the commit is UNKNOWN with commit_unknown",
          "[pg]") {
  Pool pool(Options(FreshDatabase()));
  // A deferred trigger runs inside of COMMIT.
  REQUIRE(Run(pool, R"(
    CREATE TABLE t (a int);
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1);
      RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION die())")
              .ok());
  const absl::Status status = Run(pool, "INSERT INTO t VALUES (1)");
  INFO(status.ToString());
  CHECK(status.code() == absl::StatusCode::kUnknown);
  CHECK(GetReason(status) == "commit_unknown");
  CHECK(Count(pool, "t") == 0);
}

TEST_CASE("Pool: no server is UNAVAILABLE, and the pool recovers when it returns", "[pg]") {
  PrivatePostgres server;
  Pool pool(Options(server.FreshDatabase()));
  REQUIRE(pool.Ping().ok());
  SECTION("after a shutdown") { server.Stop(); }
  SECTION("after a kill -9") { server.Kill(); }
  CHECK(pool.Ping().code() == absl::StatusCode::kUnavailable);
  server.Start();
  CHECK(pool.Ping().ok());
}

TEST_CASE("Pool: a connection that the server closed while it was idle is not used", "[pg]") {
  PrivatePostgres server;
  Pool pool(Options(server.FreshDatabase()));
  // Two connections, both idle afterwards.
  REQUIRE(pool.Transact("outer", [&](pqxx::work&) { return pool.Ping(); }).ok());
  SECTION("after a shutdown") { server.Stop(); }
  SECTION("after a kill -9") { server.Kill(); }
  server.Start();
  CHECK(pool.Ping().ok());
  CHECK(pool.Transact("outer", [&](pqxx::work&) { return pool.Ping(); }).ok());
}

TEST_CASE("Pool: when all connections are in use the next caller gets UNAVAILABLE in time",
          "[pg]") {
  PoolOptions options = Options(FreshDatabase());
  options.max_connections = 1;
  options.acquire_timeout = absl::Milliseconds(20);
  Pool pool(std::move(options));
  const absl::Status outer = pool.Transact("outer", [&](pqxx::work&) {
    const absl::Status inner = pool.Ping();
    CHECK(inner.code() == absl::StatusCode::kUnavailable);
    CHECK(GetReason(inner) == "database_busy");
    return absl::OkStatus();
  });
  CHECK(outer.ok());
  CHECK(pool.Ping().ok());
}

TEST_CASE("Pool: many threads share few connections", "[pg]") {
  PoolOptions options = Options(FreshDatabase());
  options.max_connections = 3;
  Pool pool(std::move(options));
  REQUIRE(Run(pool, "CREATE TABLE t (a int)").ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&pool] {
      for (int n = 0; n < 10; ++n) {
        if (!Run(pool, "INSERT INTO t VALUES (1)").ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(Count(pool, "t") == 80);
}

TEST_CASE("Pool: the search path is the service's schema", "[pg]") {
  const std::string database = FreshDatabase();
  Pool owner(Options(database));
  REQUIRE(Run(owner, "CREATE SCHEMA \"odd name\"; CREATE TABLE \"odd name\".t (a int)").ok());
  PoolOptions options = Options(database);
  options.search_path = "odd name";
  Pool pool(std::move(options));
  CHECK(Count(pool, "t") == 0);
}

}  // namespace countersign::pg
