#include "services/standalone/database/free_space.h"

#include <catch2/catch.hpp>
#include <limits>

#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::database {
namespace {

TEST_CASE("DescribeLackOfSpace: nothing if there is enough, otherwise how much is missing",
          "[standalone]") {
  const countersign::testing::TemporaryFolder folder;
  CHECK(DescribeLackOfSpace(folder.path(), 0).empty());
  const std::string full =
      DescribeLackOfSpace(folder.path(), std::numeric_limits<std::uint64_t>::max());
  CHECK(full.find("the disk of " + folder.path() + " is full: ") == 0);
  CHECK(full.find(" KiB are needed") != std::string::npos);
}

TEST_CASE("ExamineSpace: warns before the disk is full", "[standalone]") {
  const countersign::testing::TemporaryFolder folder;
  using State = HealthCheck::State;
  CHECK(ExamineSpace(folder.path(), 0).state == State::kOk);
  CHECK(ExamineSpace(folder.path(), std::numeric_limits<std::uint64_t>::max()).state ==
        State::kWarning);
  CHECK(ExamineSpace(folder / "none").state == State::kFailed);
}

TEST_CASE("DescribeLackOfSpace: a missing folder has no space", "[standalone]") {
  const countersign::testing::TemporaryFolder folder;
  CHECK(DescribeLackOfSpace(folder / "none").find("No such file or directory") !=
        std::string::npos);
}

}  // namespace
}  // namespace countersign::standalone::database
