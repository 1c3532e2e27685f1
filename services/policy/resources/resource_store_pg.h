#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "libs/pg/pool.h"
#include "services/policy/policy_schema.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

// Resources in PostgreSQL. Migrates its schema before its first use, so that a program may start
// while the database is down. `pool` must outlive it.
class PgResourceStore final : public ResourceStore {
 public:
  explicit PgResourceStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::uint64_t> Version() override;
  absl::StatusOr<domain::ResourceList> Load() override;
  absl::StatusOr<domain::ResourceList> LoadVersion(std::uint64_t version) override;
  absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                   const std::vector<ResourceChange>& changes,
                                   const std::string& author) override;

 private:
  // Runs `body` in a transaction on a migrated schema.
  absl::Status Transact(absl::string_view what,
                        const std::function<absl::Status(pqxx::work&)>& body);

  pg::Pool& pool_;
  std::mutex migrate_mutex_;
  bool migrated_ = false;  // guarded by migrate_mutex_
};

}  // namespace countersign::policy::resources
