#include "libs/domain/masker.h"

#include <catch2/catch.hpp>
#include <functional>

namespace countersign::domain {
namespace {

// If it is, the upstream's own bytes are sent.
TEST_CASE("FieldRelease: is unchanged only if nothing was held, masked or restored", "[domain]") {
  FieldRelease unchanged;
  unchanged.text = "text";
  CHECK(unchanged.Unchanged());
  const std::function<void(FieldRelease&)> changes[] = {
      [](FieldRelease& release) { release.held_before = 1; },
      [](FieldRelease& release) { release.held_after = 1; },
      [](FieldRelease& release) {
        release.masked.push_back({0, 4, "custom", "secret"});
      },
      [](FieldRelease& release) { release.restored = true; },
  };
  for (const auto& change : changes) {
    FieldRelease release = unchanged;
    change(release);
    CHECK_FALSE(release.Unchanged());
  }
}

}  // namespace
}  // namespace countersign::domain
