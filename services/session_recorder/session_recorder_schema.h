#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::session_recorder {

inline constexpr char kSessionRecorderSchema[] = "session_recorder";

// The files schema/*.sql, embedded at build time.
std::vector<pg::Migration> SessionRecorderMigrations();

}  // namespace countersign::session_recorder
