#include "services/standalone/process/detach.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::process {
namespace {

namespace fs = std::filesystem;
using countersign::testing::FileMode;
using countersign::testing::ReadFile;
using countersign::testing::TemporaryFolder;

TEST_CASE("Detach: the child shares no descriptor with its caller and reports to it",
          "[standalone]") {
  const TemporaryFolder folder;
  const std::string log = folder / "log";
  const std::string seen = folder / "descriptors";
  const bool ready = GENERATE(true, false);
  int out[2];
  REQUIRE(pipe(out) == 0);  // in place of the caller's terminal
  const pid_t caller = fork();
  REQUIRE(caller >= 0);
  if (caller == 0) {
    dup2(out[1], 1);
    dup2(out[1], 2);
    const int kept = fcntl(out[1], F_DUPFD, 200);  // a descriptor that the caller left open
    (void)kept;
    int exit_status = -1;
    auto report = Detach(log, exit_status);
    if (!report.ok()) _exit(99);
    if (*report == nullptr) _exit(exit_status);
    std::ofstream file(seen);
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      file << entry.path().filename().string() << " "
           << fs::read_symlink(entry.path(), error).string() << "\n";
    }
    file << "session " << (getsid(0) == getpid()) << "\n";
    file.close();
    (void)!write(2, "to the log\n", 11);  // before the report: the caller may read it at once
    (*report)->Warn("a port was taken");
    if (ready) {
      (*report)->Ready("it is\nup");
    } else {
      (*report)->Failed("no way");
    }
    _exit(0);
  }
  close(out[1]);
  std::string heard;
  char buffer[512];
  // Ends when neither the caller nor its child holds the terminal any more.
  for (ssize_t got = 0; (got = read(out[0], buffer, sizeof(buffer))) > 0;) {
    heard.append(buffer, static_cast<std::size_t>(got));
  }
  close(out[0]);
  int status = 0;
  REQUIRE(waitpid(caller, &status, 0) == caller);
  CHECK(WEXITSTATUS(status) == (ready ? 0 : 1));
  CHECK(heard.find("countersign: a port was taken") != std::string::npos);
  CHECK((heard.find("it is\nup") != std::string::npos) == ready);
  CHECK((heard.find("countersign: no way") != std::string::npos) == !ready);
  const std::string descriptors = ReadFile(seen);
  CHECK(descriptors.find("0 /dev/null") != std::string::npos);
  CHECK(descriptors.find("1 " + log) != std::string::npos);
  CHECK(descriptors.find("2 " + log) != std::string::npos);
  CHECK(descriptors.find("200 ") == std::string::npos);
  CHECK(descriptors.find("session 1") != std::string::npos);
  CHECK(FileMode(log) == 0600);
  CHECK(ReadFile(log) == "to the log\n");
}

TEST_CASE("Detach: a log that cannot be opened is a failed start", "[standalone]") {
  const TemporaryFolder folder;
  const std::string log = folder / "missing/log";
  const pid_t caller = fork();
  REQUIRE(caller >= 0);
  if (caller == 0) {
    close(2);  // the caller's message is not checked here
    int exit_status = -1;
    const auto report = Detach(log, exit_status);
    _exit(report.ok() && *report == nullptr ? exit_status : 99);
  }
  int status = 0;
  REQUIRE(waitpid(caller, &status, 0) == caller);
  CHECK(WEXITSTATUS(status) == 1);
}

}  // namespace
}  // namespace countersign::standalone::process
