#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace countersign::authn {

inline constexpr char kAuthnSchema[] = "authn";

// The files schema/*.sql, embedded at build time.
std::vector<pg::Migration> AuthnMigrations();

}  // namespace countersign::authn
