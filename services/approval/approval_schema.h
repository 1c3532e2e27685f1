#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::approval {

inline constexpr char kApprovalSchema[] = "approval";

// The files schema/*.sql, embedded at build time.
std::vector<pg::Migration> ApprovalMigrations();

}  // namespace countersign::approval
