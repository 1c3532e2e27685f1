#include "services/standalone/database/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace countersign::standalone::database {

namespace {

using State = HealthCheck::State;

// The bytes that are free on the disk of `folder` for users.
absl::StatusOr<std::uint64_t> FindFreeBytes(const std::string& folder) {
  struct statvfs found {};
  if (statvfs(folder.c_str(), &found) != 0) {
    return absl::UnknownError(
        absl::StrCat("cannot look at the disk of ", folder, ": ", std::strerror(errno)));
  }
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace

std::string DescribeLackOfSpace(const std::string& folder, std::uint64_t least) {
  const absl::StatusOr<std::uint64_t> free = FindFreeBytes(folder);
  if (!free.ok()) return std::string(free.status().message());
  if (*free >= least) return "";
  return absl::StrCat("the disk of ", folder, " is full: ", *free >> 10, " KiB are free, ",
                      least >> 10, " KiB are needed");
}

HealthCheck ExamineSpace(const std::string& folder, std::uint64_t warn_below) {
  const std::string advice =
      "make room: when the disk is full nothing is recorded, and every call is refused";
  if (std::string lack = DescribeLackOfSpace(folder); !lack.empty()) {
    return {"disk", State::kFailed, std::move(lack), advice};
  }
  const std::uint64_t free = FindFreeBytes(folder).value_or(0);
  const std::string saw = absl::StrCat(free >> 20, " MiB are free");
  if (free < warn_below) return {"disk", State::kWarning, saw, advice};
  return {"disk", State::kOk, saw, ""};
}

}  // namespace countersign::standalone::database
