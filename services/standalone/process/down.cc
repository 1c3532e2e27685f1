#include "services/standalone/process/down.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "services/standalone/database/private_cluster.h"

namespace countersign::standalone::process {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(20);
// Enough for draining and PostgreSQL's shutdown.
constexpr absl::Duration kPatience = absl::Seconds(120);

absl::Status StopHolder(const DataDirectory& directory, pid_t holder) {
  if (kill(holder, SIGTERM) != 0 && errno != ESRCH) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot stop process ", holder, ": ", std::strerror(errno)));
  }
  for (absl::Duration waited; waited < kPatience; waited += kPollInterval) {
    if (directory.Holder() != holder) return absl::OkStatus();
    absl::SleepFor(kPollInterval);
  }
  return absl::DeadlineExceededError(
      absl::StrCat("process ", holder, " does not end; see ", directory.log()));
}

}  // namespace

absl::Status Down(const DataDirectory& directory) {
  const pid_t holder = directory.Holder();
  if (holder == 0) {
    std::cerr << "countersign: no gateway is running on " << directory.path() << std::endl;
  } else {
    CS_RETURN_IF_ERROR(StopHolder(directory, holder));
  }
  // Locked, so that a gateway that starts now keeps its database.
  const auto lock = directory.TryLock();
  if (!lock.ok()) return holder == 0 ? lock.status() : absl::OkStatus();
  CS_RETURN_IF_ERROR(database::PrivateCluster::StopLeftBehind(directory.cluster()));
  unlink(directory.pid().c_str());
  unlink(directory.addresses().c_str());
  return absl::OkStatus();
}

}  // namespace countersign::standalone::process
