#include "services/approval/store/review_store_pg.h"

#include <pqxx/pqxx>

#include "libs/crypto/seal.h"
#include "libs/testing/private_postgres.h"
#include "services/approval/approval_schema.h"
#include "services/approval/testing/review_store_cases.h"

namespace countersign::approval::store {
namespace {

using countersign::testing::PrivatePostgres;

pg::PoolOptions Options(const std::string& conninfo) {
  pg::PoolOptions options;
  options.conninfo = SecretString(conninfo);
  options.search_path = kApprovalSchema;
  options.max_connections = 8;
  options.acquire_timeout = absl::Seconds(20);
  return options;
}

SecretString Key(char byte) { return SecretString(std::string(crypto::kSealKeyBytes, byte)); }

class PgUnderTest final : public testing::StoreUnderTest {
 public:
  PgUnderTest() : pool_(Options(PrivatePostgres::Shared().FreshDatabase())) {
    REQUIRE(store_.EnsureSchema().ok());
  }

  ReviewStore& store() override { return store_; }
  absl::StatusOr<reviews::ReviewContent> ContentWithKey(char key, const std::string& id) {
    return PgReviewStore(pool_, Key(key), clock_, random_).Content(id);
  }

  // The database's clock cannot be moved, so stored times are moved back instead, with triggers
  // disabled.
  void Advance(absl::Duration by) override {
    const std::string step = std::to_string(absl::ToInt64Microseconds(by));
    Exec(
        "SET LOCAL session_replication_role = replica;"
        "UPDATE review SET created_at = created_at - i, pending_expires_at = pending_expires_at - "
        "i, decided_at = decided_at - i, grant_expires_at = grant_expires_at - i"
        " FROM (SELECT " +
        step + " * interval '1 microsecond' AS i) AS step");
  }

  absl::Status Try(const std::string& sql) {
    return pool_.Transact("test", [&](pqxx::work& transaction) {
      transaction.exec(sql);
      return absl::OkStatus();
    });
  }
  void Exec(const std::string& sql) {
    const absl::Status status = Try(sql);
    INFO(sql << ": " << status.ToString());
    REQUIRE(status.ok());
  }
  std::string Ask(const std::string& sql) {
    std::string answer;
    REQUIRE(pool_
                .Transact("test",
                          [&](pqxx::work& transaction) {
                            answer = transaction.exec1(sql)[0].as<std::string>();
                            return absl::OkStatus();
                          })
                .ok());
    return answer;
  }

 private:
  SystemClock clock_;
  SystemRandom random_;
  pg::Pool pool_;
  PgReviewStore store_{pool_, Key('k'), clock_, random_};
};

}  // namespace

TEST_CASE("PgReviewStore: the first use makes the schema", "[approval][pg]") {
  SystemClock clock;
  SystemRandom random;
  pg::Pool pool(Options(PrivatePostgres::Shared().FreshDatabase()));
  PgReviewStore store(pool, Key('k'), clock, random);
  CHECK(testing::Race(4, [&](int) { return store.Join(testing::ACall()).ok(); }) == 4);
}

TEST_CASE("PgReviewStore: keeps the contract of a ReviewStore", "[approval][pg]") {
  testing::CheckReviewStore([] { return std::make_unique<PgUnderTest>(); }, 400);
}

TEST_CASE("PgReviewStore: a crash inside a step leaves the step undone", "[approval][pg]") {
  PgUnderTest test;
  const std::string id = testing::ApprovedOne(test.store());
  // The connection is killed at the last write of a step, the log's line.
  test.Exec(
      "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$"
      " BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
      "CREATE TRIGGER crash BEFORE INSERT ON review_log FOR EACH ROW EXECUTE FUNCTION crash()");
  CHECK_FALSE(
      test.store().Consume(id, "s", testing::Somebody("ada"), testing::BindingHash('a')).ok());
  CHECK_FALSE(test.store().Revoke(id, "carol", "").ok());
  CHECK_FALSE(test.store().Join(testing::ACall("s", 'b')).ok());
  test.Exec("DROP TRIGGER crash ON review_log");

  CHECK(testing::ReadState(test.store(), id) == domain::ReviewState::kApproved);
  CHECK(test.Ask("SELECT count(*) FROM review_use") == "0");
  CHECK(test.Ask("SELECT count(*) FROM review") == "1");
  CHECK(testing::WholeLog(test.store()).size() == 2);
  CHECK(test.store().Consume(id, "s", testing::Somebody("ada"), testing::BindingHash('a')).ok());
}

TEST_CASE("PgReviewStore: the schema has the same edges as the code", "[approval][pg]") {
  PgUnderTest test;
  std::string edges;
  std::set<std::string> sorted;
  for (const reviews::Edge& edge : reviews::LegalEdges()) {
    sorted.insert(std::string(domain::ToString(edge.from)) + ">" +
                  std::string(domain::ToString(edge.to)));
  }
  for (const std::string& edge : sorted) edges += (edges.empty() ? "" : " ") + edge;
  CHECK(test.Ask("SELECT string_agg(prev || '>' || next, ' ' ORDER BY (prev || '>' || next) "
                 "COLLATE \"C\") FROM review_edge") == edges);
}

TEST_CASE("PgReviewStore: the database refuses illegal changes by SQL", "[approval][pg]") {
  PgUnderTest test;
  const std::string id = testing::OpenOne(test.store());
  const std::string where = " WHERE id = '" + id + "'";
  const std::string vote =
      "INSERT INTO review_vote VALUES ('" + id + "', 'p', 'APPROVE', 'i', 's', '";
  const std::string vote_end = "', '', '" + testing::BindingHash('a') + "', '{}', now())";
  const char* const refused_updates[] = {
      "state = 'CONSUMED'",
      "state = 'REVOKED'",
      "approvals = 0",
      "binding_hash = repeat('b', 64)",
      "reviewers = '{me}'",
      "requester_subject = 'x'",
      "uses_left = 1",
      "grant_uses = 2",
      "state = 'APPROVED', uses_left = 1, decided_at = now(), grant_expires_at = now() + '1 h'"};
  for (const char* update : refused_updates) {
    INFO(update);
    CHECK_FALSE(test.Try("UPDATE review SET " + std::string(update) + where).ok());
  }
  CHECK_FALSE(test.Try("DELETE FROM review" + where).ok());
  CHECK_FALSE(test.Try(vote + "ada', '" + vote_end).ok());       // the requester
  CHECK_FALSE(test.Try(vote + "agent', 'ada" + vote_end).ok());  // its agent
  CHECK_FALSE(test.Try("UPDATE review_log SET actor = 'x'").ok());
  CHECK_FALSE(test.Try("DELETE FROM review_log").ok());
  CHECK_FALSE(test.Try("INSERT INTO review_edge VALUES ('DENIED', 'APPROVED')").ok());
  CHECK_FALSE(test.Try("INSERT INTO review_log SELECT 99, id, 'DENIED', 'APPROVED', '', '', now(), "
                       "decode(repeat('00', 32), 'hex') FROM review")
                  .ok());
  CHECK(testing::ReadState(test.store(), id) == domain::ReviewState::kPending);
}

TEST_CASE("PgReviewStore: an edited line of the log is detected", "[approval][pg]") {
  PgUnderTest test;
  testing::ApprovedOne(test.store());
  test.Exec(
      "SET LOCAL session_replication_role = replica;"
      "UPDATE review_log SET actor = 'mallory' WHERE sequence = 2");
  LogHead head = EmptyLogHead();
  const absl::Status status = VerifyLog(test.store().Log(0, 100).value(), head);
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(std::string(status.message()).find("line 2") != std::string::npos);
}

TEST_CASE("PgReviewStore: content is sealed, and bound to its review", "[approval][pg]") {
  PgUnderTest test;
  const std::string first = testing::OpenOne(test.store());
  testing::OpenOne(test.store(), testing::ACall("s", 'b'));
  CHECK(test.Ask("SELECT count(*) FROM review_content WHERE position('prompt'::bytea IN "
                 "sealed_readable) > 0 OR position('bytes'::bytea IN sealed_body) > 0") == "0");
  CHECK(test.ContentWithKey('x', first).status().code() == absl::StatusCode::kDataLoss);
  test.Exec(
      "SET LOCAL session_replication_role = replica;"
      "UPDATE review_content SET sealed_readable = (SELECT sealed_readable FROM review_content"
      " WHERE review <> '" +
      first + "') WHERE review = '" + first + "'");
  CHECK(test.store().Content(first).status().code() == absl::StatusCode::kDataLoss);
}

}  // namespace countersign::approval::store
