#include "services/standalone/database/child_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::database {
namespace {

using countersign::testing::FileMode;
using countersign::testing::ReadFile;
using countersign::testing::TemporaryFolder;
using countersign::testing::WriteFile;

struct Fixture {
  TemporaryFolder folder;
  const std::string output = folder / "output";

  // Runs `script` as this process's user in the test's folder.
  absl::Status Run(const std::string& script) {
    return RunChild({"/bin/sh", "-c", script}, SystemUser{}, folder.path(), output);
  }
};

TEST_CASE_METHOD(Fixture, "RunChild: what the child prints is appended to a private file",
                 "[standalone]") {
  REQUIRE(Run("echo one").ok());
  REQUIRE(Run("echo two >&2").ok());
  CHECK(ReadFile(output) == "one\ntwo\n");
  CHECK(FileMode(output) == 0600);
}

TEST_CASE_METHOD(Fixture, "RunChild: a failure carries the end of what was printed",
                 "[standalone]") {
  const absl::Status status = Run("echo the disk is full; exit 3");
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(std::string(status.message()).find("/bin/sh failed: the disk is full") !=
        std::string::npos);
  CHECK_FALSE(Run("kill -9 $$").ok());
}

TEST_CASE_METHOD(Fixture, "RunChild: a failure quotes its own output, not that of an earlier run",
                 "[standalone]") {
  REQUIRE_FALSE(Run("echo the reason of yesterday; exit 1").ok());
  const std::string now = std::string(Run("echo the reason of now; exit 1").message());
  CHECK(now.find("the reason of now") != std::string::npos);
  CHECK(now.find("yesterday") == std::string::npos);
  CHECK(std::string(Run("exit 1").message()) == "/bin/sh failed: exit status 1");
  CHECK(std::string(Run("kill -9 $$").message()) == "/bin/sh failed: ended by signal 9");
}

TEST_CASE_METHOD(Fixture, "RunChild: a program that is not there, or a folder, is a failure",
                 "[standalone]") {
  CHECK_FALSE(RunChild({folder / "none"}, SystemUser{}, folder.path(), output).ok());
  CHECK_FALSE(RunChild({"/bin/true"}, SystemUser{}, folder / "none", output).ok());
  CHECK_FALSE(RunChild({"/bin/true"}, SystemUser{}, folder.path(), folder / "none/output").ok());
}

TEST_CASE_METHOD(Fixture, "RunChild: the child leads a session and works in the folder",
                 "[standalone]") {
  REQUIRE(Run("pwd; cut -d' ' -f6 /proc/$$/stat; echo $$").ok());
  const std::string printed = ReadFile(output);
  const std::size_t first = printed.find('\n');
  const std::size_t second = printed.find('\n', first + 1);
  CHECK(printed.substr(0, first) == folder.path());
  // A session's id is the process id of its leader.
  CHECK(printed.substr(first + 1, second - first - 1) + "\n" == printed.substr(second + 1));
}

TEST_CASE_METHOD(Fixture, "RunChild: the child has no input and none of our descriptors",
                 "[standalone]") {
  const int ours = open("/dev/null", O_RDONLY);
  const int inherited = fcntl(ours, F_DUPFD, 100);  // without FD_CLOEXEC
  REQUIRE(inherited >= 100);
  REQUIRE(Run("cat; test ! -e /proc/$$/fd/" + std::to_string(inherited)).ok());
  CHECK(ReadFile(output).empty());
  close(inherited);
  close(ours);
}

TEST_CASE_METHOD(Fixture, "RunChild: the child's files are private by default", "[standalone]") {
  REQUIRE(Run("touch made").ok());
  CHECK(FileMode(folder / "made") == 0600);
}

TEST_CASE_METHOD(Fixture, "StartChild: returns while the child runs", "[standalone]") {
  const auto child =
      StartChild({"/bin/sh", "-c", "echo $$; exec cat"}, SystemUser{}, folder.path(), output);
  REQUIRE(child.ok());
  int status = 0;
  REQUIRE(waitpid(*child, &status, 0) == *child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(ReadFile(output) == std::to_string(*child) + "\n");
}

TEST_CASE_METHOD(Fixture, "Tail: the whole of a short file, the end of a long one",
                 "[standalone]") {
  CHECK(Tail(folder / "none", 0).empty());
  WriteFile(output, "short");
  CHECK(Tail(output, 0) == "short");
  WriteFile(output, std::string(5000, 'a') + "the end");
  const std::string tail = Tail(output, 0);
  CHECK(tail.size() == 2000);
  CHECK(tail.substr(tail.size() - 7) == "the end");
}

}  // namespace
}  // namespace countersign::standalone::database
