#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::session_recorder {

inline constexpr char kSchema[] = "session_recorder";

// The tables behind PgRecordStore, newest last.
const std::vector<pg::Migration>& Migrations();

}  // namespace countersign::session_recorder
