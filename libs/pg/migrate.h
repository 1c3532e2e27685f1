#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
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

}  // namespace countersign::pg
