#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::session_recorder {

inline constexpr char kSessionRecorderSchema[] = "session_recorder";

// schema/*.sql, embedded when the program is built.
std::vector<pg::Migration> SessionRecorderMigrations();

}  // namespace countersign::session_recorder
