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

TEST_CASE("MemoryResourceStore: reads and commits as every store does", "[policy][store]") {
  Fixture fixture;
  CheckReadsAndCommits(fixture.make);
}

TEST_CASE("MemoryResourceStore: keeps history as every store does", "[policy][store]") {
  Fixture fixture;
  CheckHistory(fixture.make);
}

TEST_CASE("MemoryResourceStore: refuses conflicts as every store does", "[policy][store]") {
  Fixture fixture;
  CheckConflicts(fixture.make);
}

}  // namespace
}  // namespace countersign::policy::resources
