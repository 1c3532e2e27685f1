#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/pg/pool.h"

namespace countersign::standalone::database {

// The private cluster has no other users, so the gateway uses the database that initdb creates.
inline constexpr char kDatabase[] = "postgres";

// The role of one service: "cs_policy" for "policy".
std::string RoleName(const std::string& schema);

// Creates what is missing: for each schema, a role that owns it and can access no other.
// `superuser` is a pool of the cluster's superuser on kDatabase.
absl::Status MakeRoles(pg::Pool& superuser, const std::vector<std::string>& schemas);

}  // namespace countersign::standalone::database
