#include "services/approval/testing/review_store_memory.h"

#include "libs/testing/fake_clock.h"
#include "services/approval/testing/review_races.h"
#include "services/approval/testing/review_store_contract.h"
#include "services/approval/testing/review_walk.h"

namespace countersign::approval::testing {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  store::ReviewStore& store() override { return store_; }
  void Advance(absl::Duration by) override { clock_.Advance(by); }

 private:
  countersign::testing::FakeClock clock_;
  SystemRandom random_;
  MemoryReviewStore store_{clock_, random_};
};

}  // namespace

TEST_CASE("MemoryReviewStore: joining", "[approval]") {
  MemoryUnderTest test;
  testing::CheckJoining(test);
}

TEST_CASE("MemoryReviewStore: voting", "[approval]") {
  MemoryUnderTest test;
  testing::CheckVoting(test);
}

TEST_CASE("MemoryReviewStore: using a grant", "[approval]") {
  MemoryUnderTest test;
  testing::CheckUsing(test);
}

TEST_CASE("MemoryReviewStore: listing", "[approval]") {
  MemoryUnderTest test;
  testing::CheckListing(test);
}

TEST_CASE("MemoryReviewStore: races", "[approval]") {
  MemoryUnderTest test;
  testing::CheckRaces(test);
}

TEST_CASE("MemoryReviewStore: a random walk agrees with the model", "[approval]") {
  MemoryUnderTest test;
  testing::CheckRandomWalk(test, 5000);
}

}  // namespace countersign::approval::testing
