#include "services/cli/user_files.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

TEST_CASE_METHOD(UserHome, "WriteFile: the file is private, whole, and replaced", "[cli]") {
  const std::string file = path + "/f";
  REQUIRE(WriteFile(file, "first and longer").ok());
  REQUIRE(WriteFile(file, std::string("second\0", 7)).ok());
  CHECK(Read("f") == std::string("second\0", 7));
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(path), {}) == 1);
}

TEST_CASE_METHOD(UserHome, "WriteFile: says what could not be written, and why", "[cli]") {
  const absl::Status status = WriteFile(path + "/none/f", "x");
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(status.message() == "cannot write " + path + "/none/f: No such file or directory");
}

TEST_CASE_METHOD(UserHome, "RememberShown: a hash for each gateway and review", "[cli]") {
  CHECK(ShownHash("http://a", "r-1").empty());
  REQUIRE(RememberShown("http://a", "r-1", "one").ok());
  REQUIRE(RememberShown("http://a", "r-2", "two").ok());
  REQUIRE(RememberShown("http://b", "r-1", "three").ok());
  CHECK(ShownHash("http://a", "r-1") == "one");
  CHECK(ShownHash("http://a", "r-2") == "two");
  CHECK(ShownHash("http://b", "r-1") == "three");
  REQUIRE(RememberShown("http://a", "r-1", "newer").ok());
  CHECK(ShownHash("http://a", "r-1") == "newer");
}

TEST_CASE_METHOD(UserHome, "RememberShown: an id with slashes stays within the folder", "[cli]") {
  REQUIRE(RememberShown("http://a", "../../x", "hash").ok());
  CHECK(ShownHash("http://a", "../../x") == "hash");
  CHECK(std::distance(std::filesystem::directory_iterator(path + "/shown"), {}) == 1);
}

TEST_CASE_METHOD(UserHome, "ConfigPath: COUNTERSIGN_CONFIG, else in the user's folder", "[cli]") {
  CHECK(ConfigPath() == path + "/config");
  ::setenv("COUNTERSIGN_CONFIG", "/elsewhere", 1);
  CHECK(ConfigPath() == "/elsewhere");
  ::unsetenv("COUNTERSIGN_CONFIG");
}

}  // namespace
}  // namespace countersign::cli
