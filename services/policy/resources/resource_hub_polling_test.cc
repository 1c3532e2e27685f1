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

TEST_CASE("ResourceHub: a stored pattern with edges that are refused now is served and reported",
          "[policy][hub]") {
  testing::FakeClock clock;
  MemoryResourceStore store(clock);
  FakeSealer sealer;
  std::vector<std::size_t> reported;
  HubOptions options;
  options.poll_interval = absl::Hours(1);
  options.on_outdated_patterns = [&](std::size_t number) { reported.push_back(number); };
  const std::string old = R"({"when":{"pattern":{"regex":"foo\\bбар"}},"then":{"deny":{}}})";
  REQUIRE(store.Commit(0, {{"Policy", "old", old, {}, ""}}, "an earlier version").ok());
  ResourceHub hub(store, sealer, clock, options);
  REQUIRE(hub.Start().ok());
  CHECK((*hub.Current())->resources.size() == 1);
  // Other resources may change beside it; its file is refused.
  const auto apply = [&](const std::string& kind, const std::string& name,
                         const std::string& spec) {
    ApplyCommand command;
    command.no_wait = true;
    command.files = {{"f.yaml", "apiVersion: countersign/v1\nkind: " + kind +
                                    "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"}};
    return hub.Apply(command).status();
  };
  CHECK(apply("Dictionary", "d", "{terms: [x]}").ok());
  CHECK(reported == std::vector<std::size_t>{1, 1});
  CHECK(absl::IsInvalidArgument(
      apply("Policy", "old", "{when: {pattern: {regex: 'foo\\bбар'}}, then: {deny: {}}}")));
  CHECK(apply("Policy", "old", "{when: {pattern: {regex: 'foo'}}, then: {deny: {}}}").ok());
  CHECK(reported.back() == 0);
}

}  // namespace
}  // namespace countersign::policy::resources
