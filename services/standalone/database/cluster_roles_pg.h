#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/pg/pool.h"

namespace countersign::standalone::database {

// The cluster serves nothing else, so the database that initdb makes is the gateway's.
inline constexpr char kDatabase[] = "postgres";

// The role of one service: "cs_policy" for "policy".
std::string RoleName(const std::string& schema);

// Makes what is missing: for each schema a role that owns it and sees no other. `superuser` is a
// pool of the cluster's superuser on kDatabase.
absl::Status MakeRoles(pg::Pool& superuser, const std::vector<std::string>& schemas);

}  // namespace countersign::standalone::database
