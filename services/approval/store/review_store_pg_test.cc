#include "services/approval/store/review_store_pg.h"

#include <pqxx/pqxx>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/seal.h"
#include "libs/testing/private_postgres.h"
#include "services/approval/approval_schema.h"
#include "services/approval/store/transition_details.h"
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

// Changes like a superuser of the database, who is not stopped by triggers.
TEST_CASE("PgReviewStore: rows from a superuser cannot be used without votes in the log",
          "[approval][pg][tamper]") {
  PgUnderTest test;
  const std::string pending = testing::OpenOne(test.store(), testing::ACall("s1", 'a'));
  const std::string approved = testing::OpenOne(test.store(), testing::ACall("s2", 'b'));
  REQUIRE(test.store().CastVote(approved, testing::Approval("bob", 'b')).ok());
  reviews::NewReview two = testing::ACall("s3", 'c', 2);
  const std::string half = testing::OpenOne(test.store(), two);
  REQUIRE(test.store().CastVote(half, testing::Approval("bob", 'c')).ok());
  const auto use = [&](const std::string& id, char hash, const std::string& session = "s") {
    return test.store()
        .Consume(id, session, testing::Somebody("ada"), testing::BindingHash(hash))
        .status();
  };
  const auto tamper = [&](const std::string& sql) {
    INFO(sql);
    test.Exec("SET LOCAL session_replication_role = replica;" + sql);
  };
  const auto approve = [](const std::string& id) {
    return "UPDATE review SET state = 'APPROVED', uses_left = 1, decided_at = now(),"
           " grant_expires_at = now() + '1 h' WHERE id = '" +
           id + "';";
  };
  const auto insert_vote = [](const std::string& id, char hash, const std::string& person) {
    return "INSERT INTO review_vote VALUES ('" + id + "', 'identity:" + person +
           "', 'APPROVE', 'https://issuer.example', 'sub-" + person + "', '" + person +
           "', '', '', '" + testing::BindingHash(hash) + "', '{}', now());";
  };
  const auto unproven = [](const absl::Status& status) {
    INFO(status.ToString());
    return absl::IsDataLoss(status) && GetReason(status) == "review_unproven";
  };
  SECTION("approved without a vote") {
    tamper(approve(pending));
    CHECK(unproven(use(pending, 'a')));
  }
  SECTION("approved with a vote that nobody cast") {
    tamper(insert_vote(pending, 'a', "bob") + approve(pending));
    CHECK(unproven(use(pending, 'a')));
  }
  SECTION("one of two votes, and the other made up") {
    tamper(insert_vote(half, 'c', "carol") + approve(half));
    CHECK(unproven(use(half, 'c')));
  }
  SECTION("fewer approvals than were asked for") {
    tamper("UPDATE review SET approvals = 1 WHERE id = '" + half + "';" + approve(half));
    CHECK(unproven(use(half, 'c')));
  }
  SECTION("the approval of other bytes") {
    tamper("UPDATE review SET binding_hash = repeat('d', 64) WHERE id = '" + approved + "'");
    CHECK(unproven(use(approved, 'd')));
  }
  SECTION("a used grant, made new") {
    REQUIRE(use(approved, 'b', "first").ok());
    tamper("DELETE FROM review_use;" + approve(approved));
    CHECK(unproven(use(approved, 'b', "second")));
  }
  SECTION("a use that never was") {
    tamper("INSERT INTO review_use VALUES ('" + pending + "', 's', now());");
    CHECK(unproven(use(pending, 'a')));
  }
  SECTION("a vote that took no part") {
    tamper("UPDATE review_vote SET identity = 'dora', person = 'identity:dora' WHERE review = '" +
           approved + "'");
    CHECK(unproven(use(approved, 'b')));
  }
  SECTION("a line of the log that this service did not write") {
    tamper(insert_vote(pending, 'a', "bob") + approve(pending));
    std::vector<Transition> lines = test.store().Log(0, 100).value();
    LogHead head{lines.back().sequence, lines.back().hash};
    Transition forged = lines.back();
    forged.review_id = pending;
    forged.from = domain::ReviewState::kPending;
    forged.to = domain::ReviewState::kApproved;
    forged.detail = VoteDetail(testing::Approval("bob"));
    forged = Chain(forged, head, SecretString("not the key"));
    tamper("INSERT INTO review_log VALUES (" + std::to_string(forged.sequence) + ", '" + pending +
           "', 'PENDING', 'APPROVED', '" + forged.actor + "', '" + forged.detail +
           "', to_timestamp(0) + " + std::to_string(absl::ToUnixMicros(forged.at)) +
           " * interval '1 microsecond', decode('" + HexEncode(forged.hash) +
           "', 'hex'), decode('" + HexEncode(forged.mac) +
           "', 'hex'));UPDATE review_log_head SET sequence = " + std::to_string(head.sequence) +
           ", hash = decode('" + HexEncode(head.hash) + "', 'hex')");
    LogHead from = EmptyLogHead();
    CHECK(VerifyLog(test.store().Log(0, 100).value(), from).ok());  // the chain itself is valid
    CHECK(unproven(use(pending, 'a')));
  }
  SECTION("a denial taken out of the log") {
    REQUIRE(test.store().CastVote(half, testing::Denial("carol")).ok());
    tamper(
        "DELETE FROM review_vote WHERE ballot = 'DENY'; DELETE FROM review_log WHERE next ="
        " 'DENIED';" +
        insert_vote(half, 'c', "carol") + approve(half));
    CHECK(unproven(use(half, 'c')));
  }
  SECTION("a log that was set back behind what this process has seen") {
    REQUIRE(use(approved, 'b', "first").ok());
    REQUIRE(use(approved, 'b', "first").ok());  // proven again: the use is in what was seen
    tamper(
        "DELETE FROM review_use; DELETE FROM review_log WHERE next = 'CONSUMED'; UPDATE"
        " review_log_head SET sequence = sequence - 1, hash = (SELECT hash FROM review_log"
        " ORDER BY sequence DESC LIMIT 1);" +
        approve(approved));
    CHECK(unproven(use(approved, 'b', "second")));
  }
}

TEST_CASE("PgReviewStore: a review that the log does not prove is revoked by a legal step",
          "[approval][pg][tamper]") {
  PgUnderTest test;
  const std::string forged = testing::OpenOne(test.store(), testing::ACall("s1", 'a'));
  const std::string honest = testing::OpenOne(test.store(), testing::ACall("s2", 'b'));
  REQUIRE(test.store().CastVote(honest, testing::Approval("bob", 'b')).ok());
  test.Exec(
      "SET LOCAL session_replication_role = replica;"
      "UPDATE review SET state = 'APPROVED', uses_left = 1, decided_at = now(),"
      " grant_expires_at = now() + '1 h' WHERE id = '" +
      forged + "'");
  REQUIRE(test.store().Void(forged, "not proven").ok());
  REQUIRE(test.store().Void(honest, "not proven").ok());
  CHECK(testing::ReadState(test.store(), forged) == domain::ReviewState::kRevoked);
  CHECK(testing::ReadState(test.store(), honest) == domain::ReviewState::kRevoked);
  const auto lines = testing::WholeLog(test.store());
  REQUIRE(lines.size() == 5);
  CHECK(lines[3].to == domain::ReviewState::kCancelled);
  CHECK(lines[4].to == domain::ReviewState::kRevoked);
  CHECK(GetReason(test.store()
                      .Consume(honest, "s", testing::Somebody("ada"), testing::BindingHash('b'))
                      .status()) == "review_revoked");
}

TEST_CASE("PgReviewStore: lines of an earlier program prove nothing", "[approval][pg]") {
  PgUnderTest test;
  const std::string id = testing::ApprovedOne(test.store());
  test.Exec("SET LOCAL session_replication_role = replica; UPDATE review_log SET mac = NULL");
  CHECK(absl::IsDataLoss(
      test.store().Consume(id, "s", testing::Somebody("ada"), testing::BindingHash('a')).status()));
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
