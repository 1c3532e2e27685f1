#include "services/standalone/database/cluster_roles_pg.h"

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"

namespace countersign::standalone::database {

std::string RoleName(const std::string& schema) { return absl::StrCat("cs_", schema); }

absl::Status MakeRoles(pg::Pool& superuser, const std::vector<std::string>& schemas) {
  return superuser.Transact("making the services' roles", [&](pqxx::work& work) {
    const std::string database = work.quote_name(kDatabase);
    work.exec("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    work.exec(absl::StrCat("REVOKE ALL ON DATABASE ", database, " FROM PUBLIC"));
    for (const std::string& schema : schemas) {
      const std::string role = work.quote_name(RoleName(schema));
      if (work.exec_params("SELECT FROM pg_roles WHERE rolname = $1", RoleName(schema)).empty()) {
        work.exec(absl::StrCat("CREATE ROLE ", role, " LOGIN"));
      }
      work.exec(
          absl::StrCat("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ", database, " TO ", role));
      work.exec(absl::StrCat("CREATE SCHEMA IF NOT EXISTS ", work.quote_name(schema),
                             " AUTHORIZATION ", role));
    }
    return absl::OkStatus();
  });
}

}  // namespace countersign::standalone::database
