#include "libs/pg/migrate.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <pqxx/pqxx>
#include <thread>

#include "libs/testing/private_postgres.h"

namespace countersign::pg {
namespace {

const std::vector<Migration> kTwo = {
    {1, "0001_people", "CREATE TABLE people (id int PRIMARY KEY)"},
    {2, "0002_names", "ALTER TABLE people ADD name text; INSERT INTO people VALUES (1, 'a')"},
};

PoolOptions Fresh() {
  PoolOptions options;
  options.conninfo = SecretString(testing::PrivatePostgres::Shared().FreshDatabase());
  options.search_path = "things";
  return options;
}

int Value(Pool& pool, const std::string& sql) {
  int value = -1;
  const absl::Status status = pool.Transact("read", [&](pqxx::work& transaction) {
    value = transaction.exec1(sql)[0].as<int>();
    return absl::OkStatus();
  });
  INFO(status.ToString());
  CHECK(status.ok());
  return value;
}

}  // namespace

TEST_CASE("Migrate: an empty database gets every migration, once", "[pg]") {
  Pool pool(Fresh());
  for (int start = 0; start < 2; ++start) {
    const absl::Status status = Migrate(pool, "things", kTwo);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  CHECK(Value(pool, "SELECT count(name) FROM people") == 1);
  CHECK(Value(pool, "SELECT count(*) FROM schema_migrations") == 2);
}

TEST_CASE("Migrate: an older database gets the missing migrations", "[pg]") {
  Pool pool(Fresh());
  REQUIRE(Migrate(pool, "things", {kTwo[0]}).ok());
  REQUIRE(Migrate(pool, "things", kTwo).ok());
  CHECK(Value(pool, "SELECT count(name) FROM people") == 1);
}

TEST_CASE("Migrate: processes that start together apply each migration once", "[pg]") {
  const PoolOptions options = Fresh();
  std::vector<std::thread> starts;
  std::vector<absl::Status> statuses(6);
  for (absl::Status& status : statuses) {
    starts.emplace_back([&options, &status] {
      Pool pool(options);
      status = Migrate(pool, "things", kTwo);
    });
  }
  for (std::thread& start : starts) start.join();
  for (const absl::Status& status : statuses) {
    INFO(status.ToString());
    CHECK(status.ok());
  }
  Pool pool(options);
  CHECK(Value(pool, "SELECT count(name) FROM people") == 1);
}

TEST_CASE("Migrate: a migration whose text has changed since is refused", "[pg]") {
  Pool pool(Fresh());
  REQUIRE(Migrate(pool, "things", kTwo).ok());
  std::vector<Migration> changed = kTwo;
  changed[0].sql += " ";
  const absl::Status status = Migrate(pool, "things", changed);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  INFO(status.ToString());
  CHECK(status.message().find("0001_people") != absl::string_view::npos);
}

TEST_CASE("Migrate: a database newer than the program is refused", "[pg]") {
  Pool pool(Fresh());
  REQUIRE(Migrate(pool, "things", kTwo).ok());
  CHECK(Migrate(pool, "things", {kTwo[0]}).code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("Migrate: a failed migration leaves no changes", "[pg]") {
  Pool pool(Fresh());
  std::vector<Migration> broken = kTwo;
  broken[1].sql = "CREATE TABLE half (a int); SELECT no_such_function()";
  CHECK_FALSE(Migrate(pool, "things", broken).ok());
  CHECK(Value(pool, "SELECT count(*) FROM schema_migrations") == 1);
  CHECK(Value(pool, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'") == 0);
}

TEST_CASE("Migrate: a gap in the numbers is refused", "[pg]") {
  Pool pool(Fresh());
  CHECK(Migrate(pool, "things", {kTwo[1]}).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("MigratedPool: the first transaction migrates the schema", "[pg]") {
  Pool pool(Fresh());
  MigratedPool migrated(pool, "things", kTwo);
  std::vector<std::thread> threads;
  std::atomic<int> seen{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const absl::Status status = migrated.Transact("read", [](pqxx::work& transaction) {
        transaction.exec1("SELECT name FROM people");
        return absl::OkStatus();
      });
      if (status.ok()) ++seen;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(seen == 4);
  CHECK(Value(pool, "SELECT count(*) FROM schema_migrations") == 2);
}

TEST_CASE("MigratedPool: works as soon as its database is reachable", "[pg]") {
  testing::PrivatePostgres server;
  PoolOptions options;
  options.conninfo = SecretString(server.FreshDatabase());
  options.search_path = "things";
  Pool pool(options);
  MigratedPool migrated(pool, "things", kTwo);
  server.Stop();
  CHECK(absl::IsUnavailable(migrated.Ping()));
  CHECK(absl::IsUnavailable(migrated.EnsureSchema()));
  server.Start();
  CHECK(migrated.Ping().ok());
  CHECK(Value(pool, "SELECT count(*) FROM people") == 1);
}

TEST_CASE("MigratedPool: without a successful migration no transaction runs", "[pg]") {
  Pool pool(Fresh());
  REQUIRE(Migrate(pool, "things", kTwo).ok());
  MigratedPool older(pool, "things", {kTwo[0]});
  bool ran = false;
  const absl::Status status = older.Transact("read", [&](pqxx::work&) {
    ran = true;
    return absl::OkStatus();
  });
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_FALSE(ran);
}

}  // namespace countersign::pg
