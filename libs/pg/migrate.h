#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/mutex.h"
#include "libs/pg/pool.h"

namespace countersign::pg {

struct Migration {
  int number = 0;    // 1, 2, 3 … without gaps
  std::string name;  // "0001_sessions"
  std::string sql;
};

// Migrates `schema` to the newest of `migrations`: creates the schema if needed and runs the
// missing migrations, each in a transaction, under an advisory lock, so that any number of
// processes may start at once. FAILED_PRECONDITION when the database is newer than the program, or
// when a recorded migration's checksum differs.
absl::Status Migrate(Pool& pool, absl::string_view schema,
                     const std::vector<Migration>& migrations);

// A pool whose schema is migrated by the first transaction that reaches the database, so that a
// service can start while its database is unreachable. Blocking, thread-safe.
class MigratedPool {
 public:
  // `pool` has `schema` as its search path and must outlive this object.
  MigratedPool(Pool& pool, std::string schema, std::vector<Migration> migrations)
      : pool_(pool), schema_(std::move(schema)), migrations_(std::move(migrations)) {}

  // Like Migrate; does nothing after its first success.
  absl::Status EnsureSchema() CS_EXCLUDES(migrating_);

  // Like Pool::Transact, with EnsureSchema before it.
  absl::Status Transact(absl::string_view what,
                        const std::function<absl::Status(pqxx::work&)>& body);

  // OK if a connection answers and the schema is migrated.
  absl::Status Ping();

 private:
  Pool& pool_;
  const std::string schema_;
  const std::vector<Migration> migrations_;
  Mutex migrating_;
  std::atomic<bool> migrated_{false};
};

}  // namespace countersign::pg
