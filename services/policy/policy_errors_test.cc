#include "services/policy/policy_errors.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/base/status.h"

namespace countersign::policy {
namespace {

TEST_CASE("InvalidResources: the fields of mistakes are violations", "[policy]") {
  const auto fields = [](const char* mistake) {
    return GetViolations(InvalidResources({mistake}));
  };
  using Violations = std::vector<FieldViolation>;
  const Violations match = {{"Policy/p.spec.match", "must be a mapping: it is a list"}};
  CHECK(fields("a.yaml:3: Policy/p: spec.match: must be a mapping: it is a list") == match);
  CHECK(fields("dir/a.yaml:3: Policy/p: spec.match: must be a mapping: it is a list") == match);
  CHECK(fields("Policy/p: spec.match: must be a mapping: it is a list") == match);
  CHECK(fields("a.yaml:3: the file is not YAML").empty());
  CHECK(fields("a.yaml:3: Policy/p: is there twice").empty());
}

TEST_CASE("FitForTrailers: a short message is unchanged", "[policy]") {
  const absl::Status status = InvalidResources({"a", "b"});
  CHECK(FitForTrailers(status) == status);
  CHECK(FitForTrailers(absl::OkStatus()).ok());
}

TEST_CASE("FitForTrailers: a long list keeps whole lines, its code and its reason", "[policy]") {
  const std::vector<std::string> mistakes(1000, "Policy/p: spec.when: unknown field");
  const absl::Status fitting = FitForTrailers(InvalidResources(mistakes));
  const std::string message(fitting.message());
  CHECK(message.size() < 6000);
  CHECK(fitting.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(fitting) == "invalid_resource");
  const std::size_t last = message.rfind('\n');
  CHECK((last + 1) % (mistakes[0].size() + 1) == 0);
  const auto shown = (last + 1) / (mistakes[0].size() + 1);
  CHECK(message.substr(last + 1) == "… and " + std::to_string(1000 - shown) + " more");
}

TEST_CASE("FitForTrailers: a single long line is cut between characters", "[policy]") {
  std::string line = "x";
  while (line.size() < 20'000) line += "\xE2\x82\xAC";
  const std::string message(FitForTrailers(absl::InternalError(line)).message());
  CHECK(message.size() < 6000);
  CHECK((message.size() - 1) % 3 == 0);  // the x, and characters of three bytes
}

}  // namespace
}  // namespace countersign::policy
