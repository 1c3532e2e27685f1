#include "services/authn/access_keys/key_store_pg.h"

#include <pqxx/pqxx>

#include "libs/testing/private_postgres.h"
#include "services/authn/authn_schema.h"
#include "services/authn/testing/key_store_contract.h"

namespace countersign::authn::access_keys {
namespace {

using countersign::testing::PrivatePostgres;

class PgUnderTest {
 public:
  PgUnderTest() : pool_(Options()) {}
  KeyStore& store() { return store_; }
  absl::Status Execute(const std::string& sql) {
    return pool_.Transact("test", [&](pqxx::work& transaction) {
      transaction.exec(sql);
      return absl::OkStatus();
    });
  }
  // The result of `body` while another transaction has run `sql` and not committed.
  absl::Status While(const std::string& sql, const std::function<absl::Status()>& body) {
    absl::Status answer;
    CHECK(pool_
              .Transact("test",
                        [&](pqxx::work& transaction) {
                          transaction.exec(sql);
                          answer = body();
                          return absl::OkStatus();
                        })
              .ok());
    return answer;
  }

 private:
  static pg::PoolOptions Options() {
    pg::PoolOptions options;
    options.conninfo = SecretString(PrivatePostgres::Shared().FreshDatabase());
    options.search_path = kAuthnSchema;
    options.max_connections = 2;
    return options;
  }

  pg::Pool pool_;
  PgKeyStore store_{pool_};
};

}  // namespace

AUTHN_KEY_STORE_CONTRACT("PgKeyStore", PgUnderTest)

TEST_CASE("PgKeyStore: refuses without its database and recovers by itself", "[authn]") {
  PrivatePostgres postgres;
  pg::PoolOptions options;
  options.conninfo = SecretString(postgres.FreshDatabase());
  options.search_path = kAuthnSchema;
  pg::Pool pool(options);
  PgKeyStore store(pool);
  postgres.Stop();
  CHECK(absl::IsUnavailable(store.FindByHash(testing::AHash("a")).status()));
  CHECK(absl::IsUnavailable(store.Check()));
  postgres.Start();
  CHECK(store.Check().ok());
  REQUIRE(store.Insert(testing::AKey("a"), testing::AHash("a")).ok());
  postgres.Kill();
  CHECK_FALSE(store.FindByHash(testing::AHash("a")).ok());
  postgres.Start();
  CHECK(store.FindByHash(testing::AHash("a"))->id == "a");
}

TEST_CASE("PgKeyStore: finding a key gives up before its caller does", "[authn]") {
  PgUnderTest under_test;
  REQUIRE(under_test.store().Insert(testing::AKey("a"), testing::AHash("a")).ok());
  const absl::Status locked = under_test.While("LOCK TABLE access_key", [&] {
    return under_test.store().FindByHash(testing::AHash("a")).status();
  });
  CHECK(absl::IsDeadlineExceeded(locked));
  CHECK(under_test.store().FindByHash(testing::AHash("a")).ok());
}

TEST_CASE("PgKeyStore: SQL cannot restore a revoked key or change its identity", "[authn]") {
  PgUnderTest under_test;
  REQUIRE(under_test.store().Insert(testing::AKey("a"), testing::AHash("a")).ok());
  CHECK_FALSE(under_test.Execute("UPDATE access_key SET identity = 'admin'").ok());
  CHECK_FALSE(under_test.Execute("UPDATE access_key SET identity_version = 9").ok());
  CHECK_FALSE(under_test.Execute("UPDATE access_key SET expires_at = now() + '1 day'").ok());
  REQUIRE(under_test.store().Revoke("a", testing::kStart).ok());
  CHECK_FALSE(under_test.Execute("UPDATE access_key SET revoked_at = NULL").ok());
  CHECK_FALSE(under_test.Execute("DELETE FROM access_key").ok());
  CHECK(under_test.store().FindByHash(testing::AHash("a"))->StateAt(testing::kStart) ==
        KeyState::kRevoked);
}

}  // namespace countersign::authn::access_keys
