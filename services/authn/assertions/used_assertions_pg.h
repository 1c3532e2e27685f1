#pragma once

#include <string>

#include "libs/pg/migrate.h"
#include "services/authn/assertions/used_assertions.h"
#include "services/authn/authn_schema.h"

namespace countersign::authn::assertions {

// Used assertions in PostgreSQL (schema/). `pool` must use kAuthnSchema as its search_path and
// outlive this object. The first use that reaches the database migrates the schema.
class PgUsedAssertions final : public UsedAssertions {
 public:
  explicit PgUsedAssertions(pg::Pool& pool) : database_(pool, kAuthnSchema, AuthnMigrations()) {}

  // Also deletes some marks that may be dropped.
  absl::Status Use(const std::string& issuer, const std::string& id, absl::Time now,
                   absl::Time keep_until) override;
  absl::StatusOr<absl::Time> FindUse(const std::string& issuer, const std::string& id) override;

 private:
  pg::MigratedPool database_;
};

}  // namespace countersign::authn::assertions
