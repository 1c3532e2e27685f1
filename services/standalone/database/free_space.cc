#include "services/standalone/database/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace countersign::standalone::database {

std::string DescribeLackOfSpace(const std::string& folder, std::uint64_t least) {
  struct statvfs found {};
  if (statvfs(folder.c_str(), &found) != 0) {
    return absl::StrCat("cannot look at the disk of ", folder, ": ", std::strerror(errno));
  }
  const std::uint64_t free = std::uint64_t{found.f_bavail} * found.f_frsize;
  if (free >= least) return "";
  return absl::StrCat("the disk of ", folder, " is full: ", free >> 10, " KiB are free, ",
                      least >> 10, " KiB are needed");
}

}  // namespace countersign::standalone::database
