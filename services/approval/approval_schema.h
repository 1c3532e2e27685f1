#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::approval {

inline constexpr char kApprovalSchema[] = "approval";

// schema/*.sql, embedded when the program is built.
std::vector<pg::Migration> ApprovalMigrations();

}  // namespace countersign::approval
