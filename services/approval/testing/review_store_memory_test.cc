#include "services/approval/testing/review_store_memory.h"

#include "libs/testing/fake_clock.h"
#include "services/approval/testing/review_store_cases.h"

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

TEST_CASE("MemoryReviewStore: keeps the contract of a ReviewStore", "[approval]") {
  CheckReviewStore([] { return std::make_unique<MemoryUnderTest>(); }, 5000);
}

}  // namespace countersign::approval::testing
