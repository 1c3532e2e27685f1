#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "services/approval/reviews/review.h"
#include "services/approval/store/transition_log.h"

// Proves a review from the log, so that a grant does not depend on rows that anyone with the
// database's password can write. Pure functions.
namespace countersign::approval::store {

// The log from the opening of one review to its end, with the lines of all other reviews.
struct LogExtract {
  LogHead before;  // the head before these lines
  std::vector<Transition> lines;
};

// The proven history of the review.
struct ProvenReview {
  domain::ReviewState state = domain::ReviewState::kUnspecified;
  absl::Time approved_at = absl::InfinitePast();  // once approved
  std::set<std::string> sessions;                 // sessions that used the grant
};

// Counts the votes again from the log. DATA_LOSS when a line of `extract` is missing or was not
// written by this service, or when the log contradicts the stored row and votes of `review`: its
// frozen fields, its votes, or its state.
absl::StatusOr<ProvenReview> ProveReview(const reviews::Review& review, const LogExtract& extract,
                                         const SecretString& mac_key);

// OK when the proof allows a use at `now`: approved, in time, not used up. DATA_LOSS otherwise;
// call reviews::CheckUse first, which returns the reason for an unmodified review.
absl::Status CheckProvenUse(const ProvenReview& proven, const reviews::Review& review,
                            absl::Time now);

// The line that ends a review whose row the log does not prove: the legal step from its last state
// in the log. Nothing if there is none.
std::optional<Transition> MakeVoidTransition(const LogExtract& extract,
                                             const std::string& review_id,
                                             const std::string& reason);

}  // namespace countersign::approval::store
