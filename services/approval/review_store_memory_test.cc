#include "services/approval/review_store_memory.h"

#include "libs/testing/fake_clock.h"
#include "services/approval/review_races.h"
#include "services/approval/review_store_contract.h"
#include "services/approval/review_walk.h"

namespace countersign::approval {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  ReviewStore& store() override { return store_; }
  void Advance(absl::Duration by) override { clock_.Advance(by); }

 private:
  countersign::testing::FakeClock clock_;
  SystemRandom random_;
  MemoryReviewStore store_{clock_, random_};
};

}  // namespace

TEST_CASE("MemoryReviewStore: joining", "[approval]") {
  MemoryUnderTest test;
  contract::CheckJoining(test);
}

TEST_CASE("MemoryReviewStore: voting", "[approval]") {
  MemoryUnderTest test;
  contract::CheckVoting(test);
}

TEST_CASE("MemoryReviewStore: using a grant", "[approval]") {
  MemoryUnderTest test;
  contract::CheckUsing(test);
}

TEST_CASE("MemoryReviewStore: listing", "[approval]") {
  MemoryUnderTest test;
  contract::CheckListing(test);
}

TEST_CASE("MemoryReviewStore: races", "[approval]") {
  MemoryUnderTest test;
  contract::CheckRaces(test);
}

TEST_CASE("MemoryReviewStore: a random walk agrees with the model", "[approval]") {
  MemoryUnderTest test;
  contract::CheckRandomWalk(test, 5000);
}

}  // namespace countersign::approval
