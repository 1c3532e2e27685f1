#include "services/cli/output/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli::output {
namespace {

namespace fs = std::filesystem;

// Writes `content` in two pieces.
absl::Status WriteAll(const std::string& path, const std::string& content) {
  auto file = OutputFile::Open(path);
  if (!file.ok()) return file.status();
  const std::size_t half = content.size() / 2;
  for (const std::string& piece : {content.substr(0, half), content.substr(half)}) {
    if (const absl::Status written = (*file)->Write(piece); !written.ok()) return written;
  }
  return (*file)->Finish();
}

std::size_t FilesIn(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("OutputFile: a new file has mode 0600 and appears at Finish", "[cli]") {
  const UserHome home;
  const std::string path = home.path + "/new";
  auto file = OutputFile::Open(path);
  REQUIRE(file.ok());
  REQUIRE((*file)->Write("abc").ok());
  CHECK_FALSE(fs::exists(path));
  REQUIRE((*file)->Finish().ok());
  CHECK(home.Read("new") == "abc");
  CHECK((fs::status(path).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(FilesIn(home.path) == 1);
}

TEST_CASE("OutputFile: a regular file is unchanged until Finish", "[cli]") {
  const UserHome home;
  const std::string path = home.Write("old", "before");
  {
    auto file = OutputFile::Open(path);
    REQUIRE(file.ok());
    REQUIRE((*file)->Write("half of").ok());
  }
  CHECK(home.Read("old") == "before");
  CHECK(FilesIn(home.path) == 1);
  REQUIRE(WriteAll(path, "after").ok());
  CHECK(home.Read("old") == "after");
}

TEST_CASE("OutputFile: a symbolic link is followed and not replaced", "[cli]") {
  const UserHome home;
  const std::string target = home.Write("target", "something longer than the new content");
  fs::create_symlink(target, home.path + "/link");
  REQUIRE(WriteAll(home.path + "/link", "content").ok());
  CHECK(fs::is_symlink(home.path + "/link"));
  CHECK(home.Read("target") == "content");

  fs::create_symlink("not-there-yet", home.path + "/dangling");
  REQUIRE(WriteAll(home.path + "/dangling", "made").ok());
  CHECK(fs::is_symlink(home.path + "/dangling"));
  CHECK(home.Read("not-there-yet") == "made");
}

TEST_CASE("OutputFile: a FIFO passes the bytes to its reader and is not replaced", "[cli]") {
  const UserHome home;
  const std::string path = home.path + "/fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  REQUIRE(WriteAll(path, "through").ok());
  char read_back[32];
  CHECK(read(reader, read_back, sizeof(read_back)) == 7);
  CHECK(std::string(read_back, 7) == "through");
  close(reader);
  CHECK(fs::is_fifo(path));
}

TEST_CASE("OutputFile: a device is written to and not replaced", "[cli]") {
  REQUIRE(WriteAll("/dev/null", "gone").ok());
  CHECK(fs::is_character_file("/dev/null"));
  const absl::Status full = WriteAll("/dev/full", "no room");
  CHECK(full.message() == "cannot write /dev/full: No space left on device");
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("OutputFile: an error of Open has the path and the reason", "[cli]") {
  const UserHome home;
  CHECK(WriteAll(home.path, "x").message() == "cannot write " + home.path + ": Is a directory");
  CHECK(WriteAll(home.path + "/none/f", "x").message() ==
        "cannot write " + home.path + "/none/f: No such file or directory");
  home.Write("file", "");
  CHECK(WriteAll(home.path + "/file/f", "x").message() ==
        "cannot write " + home.path + "/file/f: Not a directory");
}

TEST_CASE("Flush: fails for a stream that has lost output, also when it is called later", "[cli]") {
  std::ostringstream whole;
  whole << "text";
  CHECK(Flush(whole).ok());
  FullDisk disk;
  std::ostream full(&disk);
  full << "text";
  CHECK(Flush(full).message() == "cannot write to standard output: No space left on device");
  CHECK(Flush(full).message() == "cannot write to standard output: No space left on device");
}

}  // namespace
}  // namespace countersign::cli::output
