#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/crypto/page_tokens.h"
#include "services/approval/approval_metrics.h"
#include "services/approval/gate/review_waiters.h"
#include "services/approval/reviewers/reviewer_directory.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::reviewers {

struct ReviewPage {
  std::vector<reviews::Review> reviews;
  std::string next_page_token;  // empty: the last page
};

// One line of the transition log and the review that it is about, with the state that it gave it.
struct ReviewTransition {
  reviews::Review review;
  store::Transition line;
};

struct TransitionPage {
  std::vector<ReviewTransition> transitions;  // oldest first
  std::uint64_t last_sequence = 0;            // where the next page begins
  bool more = false;                          // there are lines behind it already
};

struct ReviewWithContent {
  reviews::Review review;
  reviews::ReviewContent content;
};

// The reviewers' operations, each on behalf of a verified principal. A reviewer sees the reviews
// whose connection it has the role on and whose terms name it or one of its groups. Other ids are
// NOT_FOUND; PERMISSION_DENIED when the principal is a reviewer of the connection but is not named,
// or has no reviewer role at all. An auditor also reads every review of the connections that it has
// that role on, and changes none.
//
// Reading does not imply voting: the requester, its owner and its agents may read a review that
// names them but not vote on it, and only people vote (kind human). Blocking. Thread-safe.
class ReviewerApi {
 public:
  // All arguments must outlive this object.
  ReviewerApi(store::ReviewStore& store, const ReviewerDirectory& directory,
              gate::ReviewWaiters& waiters, ApprovalMetrics& metrics, crypto::PageTokens tokens)
      : store_(store),
        directory_(directory),
        waiters_(waiters),
        metrics_(metrics),
        tokens_(std::move(tokens)) {}

  // With `state` unspecified: PENDING reviews, or every state with `all`. INVALID_ARGUMENT for a
  // page token that this reader did not get for this listing.
  absl::StatusOr<ReviewPage> List(const domain::Principal& reader, domain::ReviewState state,
                                  bool all, std::size_t page_size, const std::string& page_token);
  // Transitions of the reviews that `reader` sees, behind the line `after` of the log; without it,
  // none, and the place of the newest line. Looks at no more than 200 lines.
  absl::StatusOr<TransitionPage> Transitions(const domain::Principal& reader,
                                             std::optional<std::uint64_t> after);
  absl::StatusOr<ReviewWithContent> Show(const domain::Principal& reader, const std::string& id);

  // Returns the errors of CheckVote and CheckReviewer. An approval must carry the hash that the
  // voter was shown.
  absl::StatusOr<ReviewWithContent> Vote(const domain::Principal& voter, const std::string& id,
                                         reviews::Ballot ballot, const std::string& seen_hash,
                                         const std::string& reason);
  absl::StatusOr<ReviewWithContent> Revoke(const domain::Principal& reviewer, const std::string& id,
                                           const std::string& reason);

  std::size_t Waiting(const std::string& review_id) const { return waiters_.Waiting(review_id); }

 private:
  absl::StatusOr<reviews::Review> ReviewForReader(const domain::Principal& reader,
                                                  const std::string& id);
  absl::Status CheckMayJudge(const domain::Principal& reviewer, const std::string& id);

  store::ReviewStore& store_;
  const ReviewerDirectory& directory_;
  gate::ReviewWaiters& waiters_;
  ApprovalMetrics& metrics_;
  const crypto::PageTokens tokens_;
};

}  // namespace countersign::approval::reviewers
