#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::policy {

// The schema that this service's tables live in: PoolOptions::search_path of its pool.
inline constexpr char kPolicySchema[] = "policy";

// schema/*.sql, embedded when the program is built.
std::vector<pg::Migration> PolicyMigrations();

}  // namespace countersign::policy
