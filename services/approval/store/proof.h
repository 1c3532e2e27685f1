#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "services/approval/reviews/review.h"
#include "services/approval/store/transition_log.h"

// What the log proves of a review, so that a grant does not depend on rows that somebody with the
// database's password can write. Pure functions.
namespace countersign::approval::store {

// The log from the opening of one review to its end, with the lines of all other reviews.
struct LogExtract {
  LogHead before;  // of the log without these lines
  std::vector<Transition> lines;
};

// What happened to the review.
struct ProvenReview {
  domain::ReviewState state = domain::ReviewState::kUnspecified;
  absl::Time approved_at = absl::InfinitePast();  // once approved
  std::set<std::string> sessions;                 // that used the grant
};

// Counts the votes again from the log. DATA_LOSS when a line of `extract` is missing or was not
// written by this service, or when the log says anything else of `review` (as it is stored) than
// its row and its votes do: what was frozen, who voted how, and what follows from it.
absl::StatusOr<ProvenReview> ProveReview(const reviews::Review& review, const LogExtract& extract,
                                         const SecretString& mac_key);

// OK when the proof leaves a use at `now`: approved, in time, not used up. DATA_LOSS otherwise;
// ask reviews::CheckUse first, which knows why an honest review has none.
absl::Status CheckProvenUse(const ProvenReview& proven, const reviews::Review& review,
                            absl::Time now);

// The line by which the log gives up a review whose row it does not prove: the legal step from
// where the log left it. Nothing when there is none.
std::optional<Transition> MakeVoidTransition(const LogExtract& extract,
                                             const std::string& review_id,
                                             const std::string& reason);

}  // namespace countersign::approval::store
