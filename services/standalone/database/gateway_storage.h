#pragma once

#include "absl/status/statusor.h"
#include "libs/pg/pool.h"
#include "libs/server/app.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/database/private_cluster.h"

namespace countersign::standalone::database {

// One connection pool per service; each connects as the role that owns the service's schema.
struct GatewayStorage {
  pg::Pool& authn;
  pg::Pool& policy;
  pg::Pool& approval;
  pg::Pool& recorder;
};

// Starts the private PostgreSQL under `directory` and creates the services' roles and schemas.
// Everything lives as long as `app`. PERMISSION_DENIED, with what to do, when the database's user
// cannot reach the folder.
absl::StatusOr<GatewayStorage> OpenStorage(const DataDirectory& directory, server::App& app);

}  // namespace countersign::standalone::database
