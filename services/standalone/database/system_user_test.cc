#include "services/standalone/database/system_user.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::database {
namespace {

namespace fs = std::filesystem;
using countersign::testing::TemporaryFolder;

TEST_CASE("DatabaseUser: this process's own user, or another one for root", "[standalone]") {
  const auto user = DatabaseUser();
  REQUIRE(user.ok());
  CHECK_FALSE(user->name.empty());
  CHECK(user->switched == (geteuid() == 0));
  CHECK(user->uid != 0);
  if (geteuid() != 0) CHECK(user->uid == geteuid());
}

TEST_CASE("CheckReachable: the folder that the user cannot enter is named", "[standalone]") {
  const TemporaryFolder folder;
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  const SystemUser user = DatabaseUser().value();
  CHECK(CheckReachable(user, folder.path()).ok());
  if (!user.switched) return;  // only root switches to another user
  fs::create_directories(folder / "closed/inner");
  REQUIRE(chmod((folder / "closed").c_str(), 0700) == 0);
  const absl::Status status = CheckReachable(user, folder / "closed/inner");
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  const std::string message(status.message());
  CHECK(message.find("cannot enter " + (folder / "closed") + ",") != std::string::npos);
  CHECK(message.find("chmod o+x " + (folder / "closed")) != std::string::npos);
}

TEST_CASE("CheckReachable: a missing folder cannot be entered", "[standalone]") {
  const TemporaryFolder folder;
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  const absl::Status status = CheckReachable(DatabaseUser().value(), folder / "none/inner");
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(std::string(status.message()).find("cannot enter " + (folder / "none") + ",") !=
        std::string::npos);
}

TEST_CASE("CheckReachable: a user that this process cannot become is an error", "[standalone]") {
  if (geteuid() == 0) return;  // root can become any user
  SystemUser root;
  root.name = "root";
  root.switched = true;
  CHECK(CheckReachable(root, "/").code() == absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace countersign::standalone::database
