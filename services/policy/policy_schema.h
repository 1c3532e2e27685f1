#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::policy {

// The schema of this service's tables: PoolOptions::search_path of its pool.
inline constexpr char kPolicySchema[] = "policy";

// The files schema/*.sql, embedded at build time.
std::vector<pg::Migration> PolicyMigrations();

}  // namespace countersign::policy
