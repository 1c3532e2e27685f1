#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace countersign::standalone::database {

// Who the private PostgreSQL runs as.
struct SystemUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool switched = false;  // another one than this process

  // In a child process only: becomes this user. Async-signal-safe.
  bool Become() const;
};

// This process's own user; for root, who may not run PostgreSQL, `postgres`, else `nobody`.
// FAILED_PRECONDITION when root finds neither.
absl::StatusOr<SystemUser> DatabaseUser();

// OK when `user` can enter every folder on the way to `path`, which is absolute. PERMISSION_DENIED
// names the first that it cannot, and what to do about it. The kernel is asked, as that user.
absl::Status CheckReachable(const SystemUser& user, const std::string& path);

}  // namespace countersign::standalone::database
