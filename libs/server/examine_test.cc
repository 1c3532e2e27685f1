#include "libs/server/examine.h"

#include <catch2/catch.hpp>

namespace countersign::server {
namespace {

using State = HealthCheck::State;

TEST_CASE("ExamineProcess: the version, and what keeps it from being ready", "[server]") {
  App app("policy", {});
  const std::vector<HealthCheck> checks = ExamineProcess(app);
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].name == "version");
  CHECK(checks[0].state == State::kOk);
  CHECK_FALSE(checks[0].saw.empty());
  CHECK(checks[1].name == "readiness");
  CHECK(checks[1].state == State::kFailed);  // it was not started
  CHECK(checks[1].saw == app.NotReady());
}

TEST_CASE("App::Examiner: what the process sees, and what it adds", "[server]") {
  App app("policy", {});
  absl::Duration given;
  const HealthExaminer examine = app.Examiner(nullptr, [&](absl::Duration timeout) {
    given = timeout;
    return std::vector<HealthCheck>{{"upstream x", State::kOk, "accepts connections", ""}};
  });
  const std::vector<HealthCheck> checks = examine(absl::Seconds(3));
  REQUIRE(checks.size() == 3);
  CHECK(checks[2].name == "upstream x");
  CHECK(given == absl::Seconds(3));
}

}  // namespace
}  // namespace countersign::server
