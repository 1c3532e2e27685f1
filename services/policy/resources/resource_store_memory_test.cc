#include "services/policy/testing/resource_store_memory.h"

#include <optional>

#include "libs/testing/fake_clock.h"
#include "services/policy/testing/resource_store_contract.h"

namespace countersign::policy::resources {
namespace {

struct Fixture {
  testing::FakeClock clock;
  std::optional<MemoryResourceStore> store;
  const MakeStore make = [this]() -> ResourceStore& { return store.emplace(clock); };
};

TEST_CASE("MemoryResourceStore: fulfils the contract of reading and committing",
          "[policy][store]") {
  Fixture fixture;
  CheckReadsAndCommits(fixture.make);
}

TEST_CASE("MemoryResourceStore: fulfils the contract of history", "[policy][store]") {
  Fixture fixture;
  CheckHistory(fixture.make);
}

TEST_CASE("MemoryResourceStore: fulfils the contract of conflicts", "[policy][store]") {
  Fixture fixture;
  CheckConflicts(fixture.make);
}

}  // namespace
}  // namespace countersign::policy::resources
