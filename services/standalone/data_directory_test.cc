#include "services/standalone/data_directory.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone {
namespace {

namespace fs = std::filesystem;
using countersign::testing::FileMode;
using countersign::testing::ReadFile;
using countersign::testing::TemporaryFolder;
using countersign::testing::WriteFile;

TEST_CASE("DataDirectory: Make creates parent folders and gives an absolute path", "[standalone]") {
  const TemporaryFolder folder;
  const auto made = DataDirectory::Make(folder / "one/../two/data/");
  REQUIRE(made.ok());
  CHECK(made->path() == fs::canonical(folder.path()).string() + "/two/data");
  CHECK(fs::is_directory(made->path()));
  CHECK(DataDirectory::Make(made->path()).ok());  // a second time changes nothing
}

TEST_CASE("DataDirectory: Make refuses a path that cannot be a folder", "[standalone]") {
  const TemporaryFolder folder;
  CHECK(DataDirectory::Make("").status().code() == absl::StatusCode::kInvalidArgument);
  WriteFile(folder / "file", "");
  CHECK_FALSE(DataDirectory::Make(folder / "file").ok());
  const auto below = DataDirectory::Make(folder / "file/data");
  CHECK(below.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(below.status().message().find("/file/data") != absl::string_view::npos);
}

TEST_CASE("DataDirectory: Open accepts existing folders only", "[standalone]") {
  const TemporaryFolder folder;
  CHECK(DataDirectory::Open(folder.path()).ok());
  CHECK(absl::IsNotFound(DataDirectory::Open(folder / "none").status()));
  WriteFile(folder / "file", "");
  CHECK(absl::IsNotFound(DataDirectory::Open(folder / "file").status()));
}

TEST_CASE("DataDirectory: Open follows a link, so that two names are one folder", "[standalone]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "data");
  fs::create_directory_symlink(folder / "data", folder / "link");
  const auto direct = DataDirectory::Open(folder / "data");
  const auto linked = DataDirectory::Open(folder / "link");
  REQUIRE(direct.ok());
  REQUIRE(linked.ok());
  CHECK(direct->path() == linked->path());
  const auto lock = direct->TryLock();
  REQUIRE(lock.ok());
  CHECK_FALSE(linked->TryLock().ok());
}

TEST_CASE("DataDirectory: one gateway at a time locks it; a dead one's lock is gone",
          "[standalone]") {
  const TemporaryFolder folder;
  const auto directory = DataDirectory::Make(folder / "data");
  REQUIRE(directory.ok());
  CHECK(directory->Holder() == 0);
  {
    const auto lock = directory->TryLock();
    REQUIRE(lock.ok());
    CHECK(directory->Holder() == getpid());
    const auto second = directory->TryLock();
    CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(std::string(second.status().message()).find(std::to_string(getpid())) !=
          std::string::npos);
  }
  CHECK(directory->Holder() == 0);
  CHECK(directory->TryLock().ok());
}

TEST_CASE("DataDirectory: the lock that a killed gateway's child still has is waited for",
          "[standalone]") {
  const TemporaryFolder folder;
  const auto directory = DataDirectory::Make(folder / "data");
  REQUIRE(directory.ok());
  int input[2];
  REQUIRE(pipe(input) == 0);
  const pid_t killed = fork();
  if (killed == 0) {
    const auto lock = directory->TryLock();
    if (fork() == 0) {  // a process that is being started
      close(input[1]);
      char byte = 0;
      _exit(read(input[0], &byte, 1) == 0 ? 0 : 1);
    }
    while (true) pause();
  }
  close(input[0]);
  while (directory->Holder() != killed) sched_yield();
  kill(killed, SIGKILL);
  waitpid(killed, nullptr, 0);
  std::thread child_ends([&] { close(input[1]); });
  CHECK(directory->TryLock().ok());
  child_ends.join();
}

TEST_CASE("DataDirectory: a lock file without a process id has no holder", "[standalone]") {
  const TemporaryFolder folder;
  const auto directory = DataDirectory::Open(folder.path());
  REQUIRE(directory.ok());
  for (const char* content : {"", "gateway\n", "-1\n", "99999999999999999999\n"}) {
    WriteFile(folder / "lock", content);
    CHECK(directory->Holder() == 0);
    CHECK(directory->TryLock().ok());
  }
}

TEST_CASE("DataDirectory: a folder that cannot be locked is an error", "[standalone]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "lock");  // where the file should be
  const auto directory = DataDirectory::Open(folder.path());
  REQUIRE(directory.ok());
  const auto lock = directory->TryLock();
  CHECK(lock.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(lock.status().message().find("cannot open") != absl::string_view::npos);
  CHECK(directory->Holder() == 0);
}

TEST_CASE("DataDirectory: the services' keys are readable by this user only", "[standalone]") {
  const TemporaryFolder folder;
  const auto directory = DataDirectory::Make(folder / "data");
  REQUIRE(directory.ok());
  const auto keys = directory->MakeKeyFolder("authn");
  REQUIRE(keys.ok());
  CHECK(*keys == directory->keys() + "/authn");
  CHECK(FileMode(*keys) == 0700);
  CHECK(FileMode(directory->keys()) == 0700);
  CHECK(directory->MakeKeyFolder("authn").value() == *keys);  // an existing folder is kept
}

TEST_CASE("DataDirectory: a file in place of the keys' folder is an error", "[standalone]") {
  const TemporaryFolder folder;
  WriteFile(folder / "keys", "");
  const auto directory = DataDirectory::Open(folder.path());
  REQUIRE(directory.ok());
  CHECK(directory->MakeKeyFolder("authn").status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("WriteWhole: replaces a file with mode 0644 and leaves no temporary file",
          "[standalone]") {
  const TemporaryFolder folder;
  REQUIRE(WriteWhole(folder / "note", "first, which is longer").ok());
  REQUIRE(WriteWhole(folder / "note", "second").ok());
  CHECK(ReadFile(folder / "note") == "second");
  CHECK(FileMode(folder / "note") == 0644);
  CHECK_FALSE(fs::exists(folder / "note.new"));
}

TEST_CASE("WriteWhole: an unwritable path is an error and changes nothing", "[standalone]") {
  const TemporaryFolder folder;
  CHECK_FALSE(WriteWhole(folder / "missing/note", "text").ok());
  fs::create_directories(folder / "folder/inner");  // cannot be replaced by a file
  CHECK_FALSE(WriteWhole(folder / "folder", "text").ok());
  CHECK(fs::is_directory(folder / "folder/inner"));
}

}  // namespace
}  // namespace countersign::standalone
