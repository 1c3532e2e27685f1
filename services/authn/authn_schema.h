#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::authn {

inline constexpr char kAuthnSchema[] = "authn";

// schema/*.sql, embedded when the program is built.
std::vector<pg::Migration> AuthnMigrations();

}  // namespace countersign::authn
