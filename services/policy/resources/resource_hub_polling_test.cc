#include <catch2/catch.hpp>

#include "libs/async/testing/manual_pause.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/resources/resource_hub.h"
#include "services/policy/testing/fake_remote_part.h"
#include "services/policy/testing/fake_sealer.h"
#include "services/policy/testing/resource_store_memory.h"

namespace countersign::policy::resources {
namespace {

TEST_CASE("ResourceHub: polls the store by itself", "[policy][hub]") {
  testing::FakeClock clock;
  MemoryResourceStore store(clock);
  FakeSealer sealer;
  const auto pause = std::make_shared<async::testing::ManualPause>();
  HubOptions options;
  options.poll_interval = absl::Seconds(3);
  options.poll_pause = pause;
  ResourceHub hub(store, sealer, clock, options);
  const auto part = std::make_shared<FakeRemotePart>("masking");
  hub.remote_parts().Connect(part);
  REQUIRE(hub.Start().ok());
  CHECK(pause->AwaitPause() == absl::Seconds(3));
  CHECK(part->Committed(1)->version == 0);
  REQUIRE(
      store.Commit(0, {{"Dictionary", "d", R"({"terms":["x"]})", {}, ""}}, "another replica").ok());
  CHECK(part->committed() == 1);
  pause->Pass();
  CHECK(part->committed() == 2);
  CHECK(part->Committed(2)->version == 1);
  pause->Pass();
  CHECK(part->committed() == 2);
}

TEST_CASE("ResourceHub: continues polling while the store is unavailable", "[policy][hub]") {
  testing::FakeClock clock;
  MemoryResourceStore store(clock);
  FakeSealer sealer;
  const auto pause = std::make_shared<async::testing::ManualPause>();
  HubOptions options;
  options.poll_pause = pause;
  ResourceHub hub(store, sealer, clock, options);
  store.FailWith(absl::UnavailableError("no database"));
  CHECK_FALSE(hub.Start().ok());
  pause->Pass();
  pause->Pass();
  CHECK(absl::IsUnavailable(hub.Current().status()));
  store.FailWith(absl::OkStatus());
  pause->Pass();
  CHECK((*hub.Current())->version == 0);
}

}  // namespace
}  // namespace countersign::policy::resources
