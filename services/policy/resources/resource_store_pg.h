#pragma once

#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/pg/migrate.h"
#include "services/policy/policy_schema.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

// Resources in PostgreSQL. Migrates its schema before its first use, so that a program may start
// while the database is down. `pool` must outlive it.
class PgResourceStore final : public ResourceStore {
 public:
  explicit PgResourceStore(pg::Pool& pool) : database_(pool, kPolicySchema, PolicyMigrations()) {}

  absl::StatusOr<std::uint64_t> Version() override;
  absl::StatusOr<domain::ResourceList> Load() override;
  absl::StatusOr<domain::ResourceList> LoadVersion(std::uint64_t version) override;
  absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                   const std::vector<ResourceChange>& changes,
                                   const std::string& author) override;

 private:
  pg::MigratedPool database_;
};

}  // namespace countersign::policy::resources
