#include "services/authn/assertions/used_assertions_pg.h"

#include "libs/testing/private_postgres.h"
#include "services/authn/authn_schema.h"
#include "services/authn/testing/used_assertions_contract.h"

namespace countersign::authn::assertions {
namespace {

using countersign::testing::PrivatePostgres;

class PgUnderTest {
 public:
  PgUnderTest() : pool_(Options()) {}
  UsedAssertions& store() { return store_; }

 private:
  static pg::PoolOptions Options() {
    pg::PoolOptions options;
    options.conninfo = SecretString(PrivatePostgres::Shared().FreshDatabase());
    options.search_path = kAuthnSchema;
    options.max_connections = 4;
    return options;
  }
  pg::Pool pool_;
  PgUsedAssertions store_{pool_};
};

}  // namespace

AUTHN_USED_ASSERTIONS_CONTRACT("PgUsedAssertions", PgUnderTest)

}  // namespace countersign::authn::assertions
