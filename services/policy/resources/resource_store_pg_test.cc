#include "services/policy/resources/resource_store_pg.h"

#include <optional>
#include <pqxx/pqxx>

#include "libs/pg/migrate.h"
#include "libs/testing/private_postgres.h"
#include "services/policy/testing/resource_store_contract.h"

namespace countersign::policy::resources {
namespace {

pg::PoolOptions OptionsFor(const std::string& conninfo) {
  pg::PoolOptions options;
  options.conninfo = SecretString(conninfo);
  options.search_path = kPolicySchema;
  return options;
}

struct Fixture {
  ResourceStore& Make() {
    pool.emplace(OptionsFor(testing::PrivatePostgres::Shared().FreshDatabase()));
    return store.emplace(*pool);
  }

  std::optional<pg::Pool> pool;
  std::optional<PgResourceStore> store;
  const MakeStore make = [this]() -> ResourceStore& { return Make(); };
};

TEST_CASE("PgResourceStore: fulfils the contract of reading and committing",
          "[policy][store][pg]") {
  Fixture fixture;
  CheckReadsAndCommits(fixture.make);
}

TEST_CASE("PgResourceStore: fulfils the contract of history", "[policy][store][pg]") {
  Fixture fixture;
  CheckHistory(fixture.make);
}

TEST_CASE("PgResourceStore: fulfils the contract of conflicts", "[policy][store][pg]") {
  Fixture fixture;
  CheckConflicts(fixture.make);
}

TEST_CASE("PgResourceStore: stores the author of a version", "[policy][store][pg]") {
  Fixture fixture;
  ResourceStore& store = fixture.make();
  REQUIRE(store.Commit(0, {Put("Policy", "a", "{}")}, "ann").ok());
  std::string author;
  REQUIRE(fixture.pool
              ->Transact("read",
                         [&](pqxx::work& transaction) {
                           author = transaction.exec1("SELECT author FROM resource_version")[0]
                                        .as<std::string>();
                           return absl::OkStatus();
                         })
              .ok());
  CHECK(author == "ann");
}

TEST_CASE("PgResourceStore: a large set is committed and read at once", "[policy][store][pg]") {
  Fixture fixture;
  ResourceStore& store = fixture.make();
  std::vector<ResourceChange> changes;
  for (int i = 0; i < 500; ++i) changes.push_back(Put("Policy", "p" + std::to_string(i), "{}"));
  changes.push_back(Put("Dictionary", "big", std::string(5 << 20, 'x')));
  REQUIRE(store.Commit(0, changes, "x").ok());
  const auto set = store.Load();
  REQUIRE(set.ok());
  CHECK(set->resources.size() == 501);
  CHECK(set->resources[0].spec.size() == 5u << 20);
}

TEST_CASE("PgResourceStore: whole documents stored by an earlier program are read as specs",
          "[policy][store][pg]") {
  pg::Pool pool(OptionsFor(testing::PrivatePostgres::Shared().FreshDatabase()));
  std::vector<pg::Migration> first = PolicyMigrations();
  first.resize(1);
  REQUIRE(pg::Migrate(pool, kPolicySchema, first).ok());
  const auto insert = [](pqxx::work& transaction) {
    transaction.exec("INSERT INTO resource_version (version, author) VALUES (1, 'ann')");
    transaction.exec_params(
        "INSERT INTO resource (kind, name, since, document, labels)"
        " VALUES ('Dictionary', 'd', 1, $1, '{\"team\":\"legal\"}')",
        R"({"apiVersion":"countersign/v1","kind":"Dictionary","metadata":{"labels":)"
        R"({"team":"legal"},"name":"d"},"spec":{"terms":["b","a\u00e9"]}})");
    return absl::OkStatus();
  };
  REQUIRE(pool.Transact("insert", insert).ok());
  PgResourceStore store(pool);
  const auto list = store.Load();
  REQUIRE(list.ok());
  REQUIRE(list->resources.size() == 1);
  CHECK(list->resources[0].spec == R"({"terms":["b","a\u00e9"]})");
  CHECK(list->resources[0].labels.at("team") == "legal");
}

TEST_CASE("PgResourceStore: creation versions are derived from rows of earlier versions",
          "[policy][store][pg]") {
  pg::Pool pool(OptionsFor(testing::PrivatePostgres::Shared().FreshDatabase()));
  std::vector<pg::Migration> earlier = PolicyMigrations();
  earlier.resize(2);
  REQUIRE(pg::Migrate(pool, kPolicySchema, earlier).ok());
  const auto insert = [](pqxx::work& transaction) {
    transaction.exec(
        "INSERT INTO resource_version (version, author) SELECT v, 'ann' FROM generate_series(1, 6) "
        "v;"
        "INSERT INTO resource (kind, name, since, until, spec) VALUES"
        " ('Identity', 'kept', 1, 3, '{}'), ('Identity', 'kept', 3, 4, '{}'),"
        " ('Identity', 'kept', 4, NULL, '{}'),"
        " ('Identity', 'back', 1, 2, '{}'), ('Identity', 'back', 5, 6, '{}'),"
        " ('Identity', 'back', 6, NULL, '{}')");
    return absl::OkStatus();
  };
  REQUIRE(pool.Transact("insert", insert).ok());
  PgResourceStore store(pool);
  const auto list = store.Load();
  REQUIRE(list.ok());
  REQUIRE(list->resources.size() == 2);
  CHECK(list->resources[0].name == "back");
  CHECK(list->resources[0].created_version == 5);
  CHECK(list->resources[1].created_version == 1);
  CHECK(store.LoadVersion(1)->resources[0].created_version == 1);
}

TEST_CASE("PgResourceStore: a stopped server is UNAVAILABLE; the data is there when it returns",
          "[policy][store][pg]") {
  testing::PrivatePostgres postgres;
  pg::Pool pool(OptionsFor(postgres.FreshDatabase()));
  PgResourceStore store(pool);
  REQUIRE(store.Commit(0, {Put("Policy", "a", "{1}")}, "x").ok());
  postgres.Stop();
  CHECK(store.Version().status().code() == absl::StatusCode::kUnavailable);
  CHECK(store.Load().status().code() == absl::StatusCode::kUnavailable);
  CHECK(store.Commit(1, {Put("Policy", "a", "{2}")}, "x").status().code() ==
        absl::StatusCode::kUnavailable);
  PgResourceStore started_meanwhile(pool);
  CHECK(started_meanwhile.Load().status().code() == absl::StatusCode::kUnavailable);
  postgres.Start();
  CHECK(Shown(started_meanwhile.Load()) == Lines{"Policy/a={1}@1"});
  CHECK(Shown(store.Load()) == Lines{"Policy/a={1}@1"});
}

}  // namespace
}  // namespace countersign::policy::resources
