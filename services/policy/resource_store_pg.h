#pragma once

#include <string>
#include <vector>

#include "libs/pg/pool.h"
#include "services/policy/resource_store.h"

namespace countersign::policy {

// The schema that this service's tables live in: PoolOptions::search_path of the pool it is given.
inline constexpr char kPolicySchema[] = "policy";

// The store in PostgreSQL. `pool` outlives it.
class PgResourceStore final : public ResourceStore {
 public:
  explicit PgResourceStore(pg::Pool& pool) : pool_(pool) {}

  // Brings the schema to the newest version. Called before anything else, by any number of
  // processes at once.
  absl::Status Migrate();

  absl::StatusOr<std::uint64_t> Version() override;
  absl::StatusOr<StoredSet> Load() override;
  absl::StatusOr<StoredSet> LoadVersion(std::uint64_t version) override;
  absl::StatusOr<Committed> Commit(std::uint64_t expected,
                                   const std::vector<ResourceChange>& changes,
                                   const std::string& author) override;

 private:
  pg::Pool& pool_;
};

}  // namespace countersign::policy
