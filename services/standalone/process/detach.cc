#include "services/standalone/process/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace countersign::standalone::process {
namespace {

constexpr int kReportDescriptor = 3;

absl::Status Failed(absl::string_view what) {
  return absl::InternalError(absl::StrCat("cannot detach: ", what, ": ", std::strerror(errno)));
}

// Sets the child's descriptors: no input, output to the log, the report, and no other.
bool Reconnect(const std::string& log, int report) {
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  // Moved away first, because the report's number may be one that is about to be replaced.
  const int kept = fcntl(report, F_DUPFD, 64);
  if (in < 0 || out < 0 || kept < 0) return false;
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) return false;
  if (dup2(kept, kReportDescriptor) < 0) return false;
  if (fcntl(kReportDescriptor, F_SETFD, FD_CLOEXEC) != 0) return false;
  return syscall(SYS_close_range, kReportDescriptor + 1, ~0U, 0) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StartReport>> Detach(const std::string& log, int& exit_status) {
  int report[2];
  if (pipe(report) != 0) return Failed("pipe");
  std::cout.flush();
  std::cerr.flush();
  const pid_t child = fork();
  if (child < 0) return Failed("fork");
  if (child != 0) {
    close(report[1]);
    const bool ready = PrintReport(report[0]);
    close(report[0]);
    // The child reports its failure before it has finished cleaning up.
    while (!ready && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (!ready) std::cerr << "countersign: the gateway did not start; see " << log << std::endl;
    exit_status = ready ? 0 : 1;
    return nullptr;
  }
  setsid();
  umask(0022);
  if (chdir("/") != 0 || !Reconnect(log, report[1])) _exit(1);
  return std::make_unique<StartReport>(kReportDescriptor);
}

}  // namespace countersign::standalone::process
