#include "services/session_recorder/store/record_store_pg.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <pqxx/pqxx>
#include <sstream>
#include <thread>

#include "libs/base/status.h"
#include "libs/pg/migrate.h"
#include "libs/testing/private_postgres.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/chain/checkpointer.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/exports/verifier.h"
#include "services/session_recorder/session_recorder_schema.h"
#include "services/session_recorder/testing/record_store_contract.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::store {
namespace {

using testing::PrivatePostgres;

pg::PoolOptions Options(const std::string& conninfo) {
  pg::PoolOptions options;
  options.conninfo = SecretString(conninfo);
  options.search_path = kSessionRecorderSchema;
  return options;
}

// A new, migrated database.
struct Database {
  explicit Database(PrivatePostgres& server) : pool(Options(server.FreshDatabase())), store(pool) {
    const absl::Status status = store.EnsureSchema();
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  int Count(const std::string& sql) {
    int count = -1;
    const absl::Status status = pool.Transact("count", [&](pqxx::work& transaction) {
      count = transaction.exec1(sql)[0].as<int>();
      return absl::OkStatus();
    });
    INFO(status.ToString());
    CHECK(status.ok());
    return count;
  }
  pg::Pool pool;
  PgRecordStore store;
};

}  // namespace

TEST_CASE("PgRecordStore: fulfils the contract of RecordStore", "[session_recorder][pg]") {
  std::unique_ptr<Database> database;
  CheckRecordStore([&] {
    database = std::make_unique<Database>(PrivatePostgres::Shared());
    return &database->store;
  });
}

TEST_CASE("PgRecordStore: segments go to the partition of the day their session started",
          "[session_recorder][pg]") {
  Database database(PrivatePostgres::Shared());
  REQUIRE(database.store.CreatePartitions(ContractTime(0)).ok());
  REQUIRE(database.store.CreatePartitions(ContractTime(0)).ok());
  MustCommit(database.store, {OpenWrite(1, 0)});
  CHECK(database.Count("SELECT count(*) FROM segments_default") == 0);
  CHECK(database.Count("SELECT count(*) FROM segments") == 1);
  MustCommit(database.store, {OpenWrite(2, 40 * 86'400)});  // a day without a partition
  CHECK(database.Count("SELECT count(*) FROM segments_default") == 1);
  REQUIRE(database.store.CreatePartitions(ContractTime(40 * 86'400)).ok());
  CHECK(database.store.Events(MustFind(database.store, 2), 0, 10, 1000)->size() == 1);
}

TEST_CASE("PgRecordStore: a record from before segments is still readable",
          "[session_recorder][pg]") {
  pg::Pool pool(Options(PrivatePostgres::Shared().FreshDatabase()));
  REQUIRE(pg::Migrate(pool, kSessionRecorderSchema, {SessionRecorderMigrations()[0]}).ok());
  const SessionWrite written = OpenWrite(1);
  const absl::Status filled = pool.Transact("fill", [&](pqxx::work& transaction) {
    transaction.exec(
        "INSERT INTO sessions SELECT s.* FROM jsonb_populate_record(NULL::sessions, '{\"id\": \"" +
        ContractId(1) + R"(", "day": "2026-09-21", "request_id": "", "identity": "", "issuer": "",
        "subject": "", "connection": "", "model": "", "operation": "", "stream": true, "policy": "",
        "review_id": "", "approvers": "[]", "outcome": "", "code": "", "input_tokens": 0,
        "output_tokens": 0, "masked": "{}", "started_ns": 1790000000123456789, "head_index": 3,
        "head": "\\x)" +
        std::string(64, '3') + R"(", "epoch": 1, "node": "node-1",
        "kill_ordered": true, "key_id": "", "wrapped_key": "", "covered": false}') s)");
    for (std::uint32_t index = 1; index <= 3; ++index) {
      const SealedEvent event = ContractEvent(index);
      transaction.exec_params(
          "INSERT INTO events (day, session_id, idx, type, at_ns, sealed, hash) "
          "VALUES ('2026-09-21', $1, $2, $3, $4, $5, $6)",
          ContractId(1), index, event.type, absl::ToUnixNanos(event.at),
          pqxx::binarystring(event.sealed), pqxx::binarystring(event.hash));
    }
    return absl::OkStatus();
  });
  INFO(filled.ToString());
  REQUIRE(filled.ok());
  PgRecordStore store(pool);  // brings the schema up by its first use
  const auto events = store.Events(MustFind(store, 1), 0, 100, 1u << 20);
  REQUIRE(events.ok());
  REQUIRE(events->size() == 3);
  for (const SealedEvent& event : *events) {
    const SealedEvent expected = ContractEvent(event.index);
    CHECK(event.type == expected.type);
    CHECK(event.at == expected.at);
    CHECK(event.sealed == expected.sealed);
    CHECK(event.hash == expected.hash);
  }
  CHECK(store.KillOrders("node-1")->size() == 1);
  CHECK(store.OpenHeads()->size() == 1);
  CHECK(store.CreatePartitions(ContractTime(0)).ok());
}

namespace {

// One transaction of a test's own, on a connection of its own.
struct Transaction {
  explicit Transaction(pg::Pool& pool) : connection(pool.Connect().value()), work(*connection) {}
  std::unique_ptr<pqxx::connection> connection;
  pqxx::work work;
};

// Runs `write`, which locks sessions 1, 2 and 3, while session 1 is locked by somebody else: it has
// to wait for that before it locks any of the others.
void CheckLocksByOrderOfIds(Database& database, const std::function<absl::Status()>& write) {
  Transaction other(database.pool);
  other.work.exec("SELECT FROM sessions WHERE id = '" + ContractId(1) + "' FOR UPDATE");
  auto written = std::async(std::launch::async, write);
  while (database.Count("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) {
    REQUIRE(written.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
    std::this_thread::yield();
  }
  {
    Transaction probe(database.pool);
    CHECK_NOTHROW(probe.work.exec("SELECT FROM sessions WHERE id <> '" + ContractId(1) +
                                  "' FOR UPDATE NOWAIT"));
  }
  other.work.commit();
  const absl::Status status = written.get();
  INFO(status.ToString());
  CHECK(status.ok());
}

}  // namespace

TEST_CASE("PgRecordStore: a commit locks its sessions in the order of their ids",
          "[session_recorder][pg]") {
  Database database(PrivatePostgres::Shared());
  const SessionWrite one = OpenWrite(1), two = OpenWrite(2), three = OpenWrite(3);
  MustCommit(database.store, {two, three, one});
  CheckLocksByOrderOfIds(database, [&] {
    return database.store.Commit({NextWrite(three), NextWrite(one), NextWrite(two)}).status();
  });
  for (int number = 1; number <= 3; ++number) {
    CHECK(MustFind(database.store, number).head.index == 2);
  }
}

TEST_CASE("PgRecordStore: a checkpoint locks its sessions in the order of their ids",
          "[session_recorder][pg]") {
  Database database(PrivatePostgres::Shared());
  MustCommit(database.store, {OpenWrite(1), OpenWrite(2), OpenWrite(3)});
  std::vector<chain::SessionHead> heads = *database.store.OpenHeads();
  REQUIRE(heads.size() == 3);
  std::sort(heads.begin(), heads.end(),
            [](const auto& a, const auto& b) { return a.session_id > b.session_id; });
  for (std::size_t i = 0; i < heads.size(); ++i) heads[i].position = i;
  CheckLocksByOrderOfIds(
      database, [&] { return database.store.AppendCheckpoint(ContractCheckpoint(1, heads)); });
  CHECK(MustFind(database.store, 3).position == 0);
  CHECK(MustFind(database.store, 1).position == 2);
}

TEST_CASE(
    "PgRecordStore: answers of a commit belong to their sessions, in whatever order they came",
    "[session_recorder][pg]") {
  Database database(PrivatePostgres::Shared());
  const SessionWrite one = OpenWrite(1), two = OpenWrite(2), three = OpenWrite(3);
  MustCommit(database.store, {one, two, three});
  SessionWrite stale = NextWrite(two);
  stale.previous_epoch = 7;
  const auto refused = database.store.Commit({NextWrite(three), stale, NextWrite(one)});
  REQUIRE(refused.ok());
  CHECK(*refused == std::set<std::string>{ContractId(2)});
  CHECK(MustFind(database.store, 1).head.index == 2);
  CHECK(MustFind(database.store, 2).head.index == 1);
  CHECK(MustFind(database.store, 3).head.index == 2);
}

TEST_CASE("PgRecordStore: an unreachable database is UNAVAILABLE", "[session_recorder][pg]") {
  pg::Pool pool(Options("host=/nonexistent dbname=x"));
  PgRecordStore store(pool);
  CHECK(absl::IsUnavailable(store.Find(ContractId(1)).status()));
  CHECK(absl::IsUnavailable(store.Commit({OpenWrite(1)}).status()));
}

TEST_CASE(
    "LiveSessions on PostgreSQL: a server that is killed loses nothing that was acknowledged, "
    "and writers get errors, not silence",
    "[session_recorder][pg][faults]") {
  PrivatePostgres server;
  Database database(server);
  constexpr int kWriters = 6;
  std::vector<std::vector<std::string>> acknowledged(kWriters);
  std::atomic<int> failures{0};
  {
    TestRecorder recorder(database.store);
    std::atomic<int> progress{0};
    std::vector<std::thread> writers;
    for (int n = 0; n < kWriters; ++n) {
      writers.emplace_back([&, n] {
        const auto session = recorder.Open(TestStart(TestId(n)));
        if (!session.ok()) std::abort();
        for (int piece = 0;; ++piece) {
          const std::string text = std::to_string(piece);
          if (!recorder.Append(*session, {DataEvent(text)}).ok()) break;
          acknowledged[n].push_back(text);
          ++progress;
        }
        ++failures;
      });
    }
    while (progress < 200) std::this_thread::yield();
    server.Kill();
    for (std::thread& writer : writers) writer.join();
  }
  CHECK(failures == kWriters);
  server.Start();
  TestRecorder after(database.store, "node-2");
  const absl::Status taken_over = after.sessions.Maintain();
  INFO(taken_over.ToString());
  REQUIRE(taken_over.ok());
  after.Drain();
  for (int n = 0; n < kWriters; ++n) {
    const auto row = database.store.Find(TestId(n));
    REQUIRE(row.ok());
    REQUIRE(row->has_value());
    CHECK((*row)->summary.end.outcome == domain::Outcome::kTruncated);
    const auto key = after.keys.Unwrap((*row)->id, (*row)->data_key);
    std::string hash = chain::GenesisHash((*row)->id, chain::KeyCommitment(*key));
    std::vector<std::string> recorded;
    const auto events = database.store.Events(**row, 0, 1'000'000, 1u << 30);
    REQUIRE(events.ok());
    for (const SealedEvent& event : *events) {
      hash = chain::LinkHash((*row)->id, event.index, event.type, event.at, event.sealed, hash);
      REQUIRE(hash == event.hash);
      if (event.type != "response.data") continue;
      recorded.push_back(
          *domain::ReadResponseDataPayload(*chain::OpenPayload(*key, (*row)->id, event)));
    }
    CHECK(hash == (*row)->head.hash);
    REQUIRE(recorded.size() >= acknowledged[n].size());
    recorded.resize(acknowledged[n].size());
    CHECK(recorded == acknowledged[n]);
  }
}

// A database superuser can write anything; the record must show it.
TEST_CASE("Verify: changes by SQL are detected", "[session_recorder][pg][tamper]") {
  Database database(PrivatePostgres::Shared());
  TestRecorder recorder(database.store);
  chain::Checkpointer checkpointer(database.store, recorder.clock, crypto::SigningKey::Generate(),
                                   {});
  exports::Exporter exporter(database.store, recorder.keys, checkpointer, recorder.clock,
                             recorder.random);
  for (int n = 1; n <= 3; ++n) {
    const auto session = recorder.Open(TestStart(TestId(n)));
    REQUIRE(session.ok());
    REQUIRE(recorder.Append(*session, {DecisionEvent(), DataEvent("a"), DataEvent("b")}).ok());
    REQUIRE(checkpointer.Force().ok());
    REQUIRE(recorder.End(*session).ok());
    REQUIRE(checkpointer.Force().ok());
  }
  const auto judge = [&] {
    std::stringstream file;
    auto page = exporter.Begin({}, {});
    while (page.ok()) {
      file << page->bytes;
      if (page->next_page_token.empty()) break;
      page = exporter.Next(page->next_page_token, {});
    }
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    return exports::Verify(file, checkpointer.key().public_key());
  };
  REQUIRE(judge().intact);
  const std::string two = "'" + TestId(2) + "'";
  const std::string sql = GENERATE_COPY(
      "DELETE FROM segments WHERE session_id = " + two + " AND first_idx = 2",
      "DELETE FROM segments WHERE session_id = " + two, "DELETE FROM sessions WHERE id = " + two,
      "UPDATE segments SET events = set_byte(events, length(events) - 40, 7) WHERE first_idx = 2 "
      "AND session_id = " +
          two,  // a sealed payload
      "UPDATE segments SET events = set_byte(events, length(events) - 9, 7) WHERE session_id = " +
          two,  // a hash
      "UPDATE segments SET events = substr(events, 1, length(events) - 1) WHERE session_id = " +
          two,
      "UPDATE segments SET events = events || events WHERE session_id = " + two,
      "UPDATE segments SET first_idx = 10 - first_idx, last_idx = 20 WHERE session_id = " + two,
      "DELETE FROM open_sessions; DELETE FROM segments WHERE first_idx > 1",
      "UPDATE sessions SET model = 'other' WHERE id = " + two,
      "UPDATE sessions SET approvers = '[\"eve\"]' WHERE id = " + two,
      "UPDATE sessions SET head = sha256(head) WHERE id = " + two,
      "DELETE FROM checkpoint_heads WHERE session_id = " + two,
      "UPDATE checkpoint_heads SET ended = false WHERE session_id = " + two,
      std::string("DELETE FROM checkpoint_heads; DELETE FROM checkpoints"));
  INFO(sql);
  const absl::Status changed = database.pool.Transact("tamper", [&](pqxx::work& transaction) {
    transaction.exec(sql);
    return absl::OkStatus();
  });
  INFO(changed.ToString());
  REQUIRE(changed.ok());
  CHECK_FALSE(judge().intact);
}

}  // namespace countersign::session_recorder::store
