#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace countersign::standalone::database {

// The user that runs the private PostgreSQL.
struct SystemUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool switched = false;  // differs from this process's user

  // In a child process only: becomes this user. Async-signal-safe.
  bool Become() const;
};

// This process's user; for root, which PostgreSQL refuses, `postgres` or else `nobody`.
// FAILED_PRECONDITION when root finds neither.
absl::StatusOr<SystemUser> DatabaseUser();

// OK when `user` can enter every folder on the way to `path`, which is absolute. PERMISSION_DENIED
// names the first folder that it cannot enter, and what to do. Checked by the kernel in a child
// process of that user, so ACLs count.
absl::Status CheckReachable(const SystemUser& user, const std::string& path);

}  // namespace countersign::standalone::database
