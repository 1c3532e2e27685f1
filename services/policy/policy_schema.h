#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::policy {

// schema/*.sql, embedded when the program is built.
std::vector<pg::Migration> PolicyMigrations();

}  // namespace countersign::policy
