#include "services/standalone/database/gateway_storage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/approval/approval_schema.h"
#include "services/authn/authn_schema.h"
#include "services/policy/policy_schema.h"
#include "services/session_recorder/session_recorder_schema.h"
#include "services/standalone/database/cluster_roles_pg.h"
#include "services/standalone/database/system_user.h"

namespace countersign::standalone::database {
namespace {

pg::Pool& PoolFor(const std::string& schema, const PrivateCluster& cluster, server::App& app) {
  pg::PoolOptions options;
  options.conninfo = cluster.Conninfo(RoleName(schema), kDatabase);
  options.search_path = schema;
  return app.Make<pg::Pool>(std::move(options));
}

// Lets the database's user enter the data folder. Folders above it are not changed: they are not
// the gateway's.
absl::Status AllowAccess(const DataDirectory& directory, const SystemUser& user) {
  struct stat found {};
  const char* path = directory.path().c_str();
  if (user.switched && stat(path, &found) == 0 && found.st_uid == geteuid() &&
      chmod(path, (found.st_mode & 07777) | S_IXOTH) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot let user ", user.name, " enter ", path, ": ", std::strerror(errno)));
  }
  return CheckReachable(user, directory.path());
}

}  // namespace

absl::StatusOr<GatewayStorage> OpenStorage(const DataDirectory& directory, server::App& app) {
  CS_ASSIGN_OR_RETURN(const SystemUser user, DatabaseUser());
  CS_RETURN_IF_ERROR(AllowAccess(directory, user));
  CS_ASSIGN_OR_RETURN(auto started, PrivateCluster::Start(directory.cluster(), user));
  const PrivateCluster& cluster = app.Keep(std::move(started));
  {
    pg::PoolOptions options;
    options.conninfo = cluster.Conninfo(PrivateCluster::kSuperuser, kDatabase);
    pg::Pool superuser(std::move(options));
    CS_RETURN_IF_ERROR(
        MakeRoles(superuser, {authn::kAuthnSchema, policy::kPolicySchema, approval::kApprovalSchema,
                              session_recorder::kSessionRecorderSchema}));
  }
  return GatewayStorage{PoolFor(authn::kAuthnSchema, cluster, app),
                        PoolFor(policy::kPolicySchema, cluster, app),
                        PoolFor(approval::kApprovalSchema, cluster, app),
                        PoolFor(session_recorder::kSessionRecorderSchema, cluster, app)};
}

}  // namespace countersign::standalone::database
