#pragma once

#include "services/authn/access_keys/key_store_pg.h"
#include "services/authn/assertions/used_assertions_pg.h"

namespace countersign::authn {

// What authn keeps in PostgreSQL. `pool` must outlive it.
struct PgStores {
  explicit PgStores(pg::Pool& database) : pool(database), keys(pool), used_assertions(pool) {}

  pg::Pool& pool;
  access_keys::PgKeyStore keys;
  assertions::PgUsedAssertions used_assertions;
};

}  // namespace countersign::authn
