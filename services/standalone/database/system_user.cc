#include "services/standalone/database/system_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace countersign::standalone::database {
namespace {

bool Find(const char* name, SystemUser& user) {
  const passwd* found = getpwnam(name);
  if (found == nullptr) return false;
  user.name = name;
  user.uid = found->pw_uid;
  user.gid = found->pw_gid;
  user.groups.resize(64);
  int count = static_cast<int>(user.groups.size());
  if (getgrouplist(name, user.gid, user.groups.data(), &count) < 0) {
    user.groups.resize(static_cast<std::size_t>(count));
    getgrouplist(name, user.gid, user.groups.data(), &count);
  }
  user.groups.resize(static_cast<std::size_t>(count));
  user.switched = true;
  return true;
}

// `path` and all folders above it, outermost first.
std::vector<std::string> FoldersOnPath(const std::string& path) {
  std::vector<std::string> folders;
  for (std::size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    folders.push_back(path.substr(0, end));
  }
  folders.push_back(path);
  return folders;
}

}  // namespace

bool SystemUser::Become() const {
  if (!switched) return true;
  return setgroups(groups.size(), groups.data()) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
}

absl::StatusOr<SystemUser> DatabaseUser() {
  SystemUser user;
  if (geteuid() != 0) {
    const passwd* self = getpwuid(geteuid());
    user.name = self == nullptr ? absl::StrCat("user ", geteuid()) : self->pw_name;
    user.uid = geteuid();
    user.gid = getegid();
    return user;
  }
  if (Find("postgres", user) || Find("nobody", user)) return user;
  return absl::FailedPreconditionError(
      "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: "
      "install postgresql-15 or run this as another user");
}

absl::Status CheckReachable(const SystemUser& user, const std::string& path) {
  const std::vector<std::string> way = FoldersOnPath(path);
  const pid_t child = fork();
  if (child < 0) {
    return absl::InternalError(absl::StrCat("cannot fork: ", std::strerror(errno)));
  }
  if (child == 0) {
    if (!user.Become()) _exit(255);
    for (std::size_t i = 0; i < way.size(); ++i) {
      if (access(way[i].c_str(), X_OK) != 0) _exit(static_cast<int>(i) + 1);
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int result = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  if (result == 0) return absl::OkStatus();
  if (result > static_cast<int>(way.size())) {
    return absl::InternalError(absl::StrCat("cannot become user ", user.name));
  }
  const std::string& closed = way[static_cast<std::size_t>(result) - 1];
  return absl::PermissionDeniedError(absl::StrCat(
      "PostgreSQL runs as user `", user.name, "`, which cannot enter ", closed, ", so ", path,
      " cannot hold its data. Choose a folder that it can reach, for example --data "
      "/var/lib/countersign, or let it pass: chmod o+x ",
      closed));
}

}  // namespace countersign::standalone::database
