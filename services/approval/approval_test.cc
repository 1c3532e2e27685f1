// Approval's threads, one round at a time.
#include "services/approval/approval.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/async/testing/manual_pause.h"
#include "libs/testing/fake_clock.h"
#include "services/approval/testing/approval_testing.h"
#include "services/approval/testing/review_store_memory.h"

namespace countersign::approval {
namespace {

using domain::ReviewState;

struct Running {
  countersign::testing::FakeClock clock;
  SystemRandom random;
  metrics::Registry registry;
  testing::MemoryReviewStore store{clock, random};
  std::shared_ptr<async::testing::ManualPause> pause =
      std::make_shared<async::testing::ManualPause>();
  Approval approval{store, crypto::PageTokens(SecretString("secret"), random), clock, registry,
                    Options(pause)};

  Running() { approval.Start(); }
  static ApprovalOptions Options(std::shared_ptr<async::Pause> pause) {
    ApprovalOptions options;
    options.threads = 1;
    options.poll_pause = std::move(pause);
    return options;
  }
  bool Pending(int count) {
    return registry.Expose().find("countersign_reviews_pending " + std::to_string(count)) !=
           std::string::npos;
  }
};

}  // namespace

TEST_CASE("Approval: polls only after a pause, also the first time", "[approval]") {
  Running running;
  REQUIRE(running.store.Join(testing::ACall()).ok());
  CHECK(running.pause->AwaitPause() == absl::Milliseconds(500));
  CHECK_FALSE(running.Pending(1));
  running.pause->Pass();
  CHECK(running.Pending(1));
}

TEST_CASE("Approval: a poll settles reviews decided by another process", "[approval]") {
  Running running;
  const auto joined = running.store.Join(testing::ACall("s1"));
  REQUIRE(joined.ok());
  domain::Call ada;
  ada.principal = std::make_shared<domain::Principal>(testing::Signed("ada", {}, {}));
  const auto answer = std::make_shared<std::promise<absl::StatusOr<domain::ReviewStatus>>>();
  auto held = answer->get_future();
  running.approval.gate().Wait(
      ada, joined->review.id, "s1", running.clock.Now() + absl::Minutes(4),
      [answer](absl::StatusOr<domain::ReviewStatus> status) { answer->set_value(status); });
  // The pool has one thread: when this has run, the wait is registered.
  std::promise<void> registered;
  REQUIRE(running.approval.pool().TrySubmit([&] { registered.set_value(); }));
  registered.get_future().wait();
  REQUIRE(running.store.CastVote(joined->review.id, testing::Approval("bob")).ok());
  running.pause->Pass();
  REQUIRE(held.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(held.get()->state == ReviewState::kApproved);
}

TEST_CASE("Approval: destruction answers all waiters", "[approval]") {
  std::future<absl::StatusOr<domain::ReviewStatus>> held;
  {
    Running running;
    const auto joined = running.store.Join(testing::ACall("s1"));
    REQUIRE(joined.ok());
    domain::Call ada;
    ada.principal = std::make_shared<domain::Principal>(testing::Signed("ada", {}, {}));
    const auto answer = std::make_shared<std::promise<absl::StatusOr<domain::ReviewStatus>>>();
    held = answer->get_future();
    running.approval.gate().Wait(
        ada, joined->review.id, "s1", running.clock.Now() + absl::Minutes(4),
        [answer](absl::StatusOr<domain::ReviewStatus> status) { answer->set_value(status); });
  }
  CHECK(absl::IsUnavailable(held.get().status()));
}

}  // namespace countersign::approval
