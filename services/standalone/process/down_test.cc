#include "services/standalone/process/down.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::process {
namespace {

using countersign::testing::TemporaryFolder;
using countersign::testing::WriteFile;

DataDirectory Opened(const TemporaryFolder& folder) {
  auto directory = DataDirectory::Open(folder.path());
  REQUIRE(directory.ok());
  return *std::move(directory);
}

// A process that locks a folder until SIGTERM, as a gateway does.
class Holder {
 public:
  explicit Holder(const DataDirectory& directory) {
    int held[2];
    REQUIRE(pipe(held) == 0);
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      signal(SIGTERM, SIG_DFL);
      const auto lock = directory.TryLock();
      (void)!write(held[1], lock.ok() ? "y" : "n", 1);
      while (true) pause();
    }
    close(held[1]);
    char answer = 0;
    REQUIRE(read(held[0], &answer, 1) == 1);
    close(held[0]);
    REQUIRE(answer == 'y');
  }
  ~Holder() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  // The signal that ended the process.
  int Signal() {
    int status = 0;
    REQUIRE(waitpid(process_, &status, 0) == process_);
    process_ = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  pid_t process() const { return process_; }

 private:
  pid_t process_ = 0;
};

TEST_CASE("Down: without a gateway there is nothing to do", "[standalone]") {
  const TemporaryFolder folder;
  CHECK(Down(Opened(folder)).ok());
}

TEST_CASE("Down: stops the process that locks the folder and removes its files", "[standalone]") {
  const TemporaryFolder folder;
  const DataDirectory directory = Opened(folder);
  Holder holder(directory);
  REQUIRE(directory.Holder() == holder.process());
  WriteFile(directory.pid(), std::to_string(holder.process()));
  WriteFile(directory.addresses(), "{}");
  CHECK(Down(directory).ok());
  CHECK(holder.Signal() == SIGTERM);
  CHECK(directory.Holder() == 0);
  CHECK(access(directory.pid().c_str(), F_OK) != 0);
  CHECK(access(directory.addresses().c_str(), F_OK) != 0);
}

TEST_CASE("Down: a killed gateway's files are removed", "[standalone]") {
  const TemporaryFolder folder;
  const DataDirectory directory = Opened(folder);
  WriteFile(directory.pid(), "12345\n");
  WriteFile(directory.addresses(), "{}");
  CHECK(Down(directory).ok());
  CHECK(access(directory.pid().c_str(), F_OK) != 0);
  CHECK(access(directory.addresses().c_str(), F_OK) != 0);
}

}  // namespace
}  // namespace countersign::standalone::process
