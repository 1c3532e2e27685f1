#pragma once

#include "services/approval/testing/review_listing_contract.h"
#include "services/approval/testing/review_races.h"
#include "services/approval/testing/review_store_contract.h"
#include "services/approval/testing/review_walk.h"

namespace countersign::approval::testing {

// The contract of every ReviewStore, to be called inside a TEST_CASE. `make` returns a pointer to
// an empty StoreUnderTest; the random walk has `steps` steps.
template <typename Make>
void CheckReviewStore(Make make, int steps) {
  SECTION("joining") { CheckJoining(*make()); }
  SECTION("one caller has a bounded number of pending reviews") { CheckPendingLimit(*make()); }
  SECTION("voting") { CheckVoting(*make()); }
  SECTION("using a grant") { CheckUsing(*make()); }
  SECTION("listing") { CheckListing(*make()); }
  SECTION("races") { CheckRaces(*make()); }
  SECTION("a random walk agrees with the model") { CheckRandomWalk(*make(), steps); }
}

}  // namespace countersign::approval::testing
