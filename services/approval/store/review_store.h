#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/approval/reviews/review.h"
#include "services/approval/store/transition_log.h"

namespace countersign::approval::store {

struct Joined {
  reviews::Review review;
  bool opened = false;  // by this call
};

struct ReviewQuery {
  domain::ReviewState state = domain::ReviewState::kPending;  // the current state
  bool all_states = false;
  std::vector<std::string> names;  // of the reader; lists reviews whose terms name one of these
  bool all_connections = false;    // otherwise only those in `connections`
  std::vector<std::string> connections;
  // For an auditor: all reviews of these connections as well, whatever their terms.
  bool audits_all = false;
  std::vector<std::string> audited;
  std::size_t limit = 100;
  std::string before;  // last id of the previous page; empty for the first page
};

struct Use {
  std::string review_id;
  std::string session_id;
  absl::Time at = absl::InfinitePast();
  reviews::Review review;  // after the use
};

struct ReviewCounts {
  std::size_t pending = 0;
};

// Stores reviews. Every method is one transaction: the change together with its line in the
// transition log. The store's clock (the database's) decides what has expired. Blocking; never call
// it on a network thread. Thread-safe, and safe between processes that share the medium.
//
// An id that is not a UUID is NOT_FOUND. UNAVAILABLE when the medium cannot be reached; UNKNOWN
// with reason commit_unknown when the connection broke during the commit. Every method may be
// repeated safely; a repeated CastVote answers ALREADY_EXISTS.
class ReviewStore {
 public:
  virtual ~ReviewStore() = default;

  // Finds the review that the call joins (ChooseReview), or opens one. Concurrent equal calls get
  // the same review.
  // RESOURCE_EXHAUSTED too_many_reviews when the caller already has kMaxPendingPerCaller pending
  // reviews and would open another.
  virtual absl::StatusOr<Joined> Join(const reviews::NewReview& call) = 0;

  // The following reads record what is overdue as EXPIRED before they tell it, so that a clock
  // which is set back does not revive a review that somebody saw expired.

  // With votes, and of a revoked review who revoked it and when. NOT_FOUND.
  virtual absl::StatusOr<reviews::Review> Get(const std::string& id) = 0;
  virtual absl::StatusOr<reviews::ReviewContent> Content(const std::string& id) = 0;
  virtual absl::StatusOr<std::vector<reviews::Review>> List(
      const ReviewQuery& query) = 0;  // newest first
  // The statuses of the `ids` that exist, with the votes of those that are not PENDING.
  virtual absl::StatusOr<std::vector<domain::ReviewStatus>> Statuses(
      const std::vector<std::string>& ids) = 0;

  // Records a vote (CheckVote) and the state that results (Tally).
  virtual absl::StatusOr<reviews::Review> CastVote(const std::string& id,
                                                   const reviews::Vote& vote) = 0;

  // Takes one use for the session if `requester` asked for the review (otherwise NOT_FOUND) and
  // CheckUse is OK. Idempotent by session: a session that has a use gets the same one again.
  // DATA_LOSS review_unproven when the log does not prove the votes or the use (proof.h).
  virtual absl::StatusOr<Use> Consume(const std::string& id, const std::string& session_id,
                                      const reviews::Person& requester,
                                      const std::string& binding_hash) = 0;

  // Revokes an APPROVED review. Idempotent. FAILED_PRECONDITION review_not_approved in other
  // states.
  virtual absl::StatusOr<reviews::Review> Revoke(const std::string& id, const std::string& actor,
                                                 const std::string& reason) = 0;

  // Revokes a review that the log does not prove, whatever its stored state; the log continues with
  // a legal step, if there is one.
  virtual absl::Status Void(const std::string& id, const std::string& reason) = 0;

  // Marks at most `limit` overdue reviews as EXPIRED; returns how many.
  virtual absl::StatusOr<std::size_t> ExpireDue(std::size_t limit) = 0;
  virtual absl::StatusOr<ReviewCounts> Counts() = 0;

  virtual absl::StatusOr<LogHead> Head() = 0;
  // Lines with sequence numbers above `after`, in order.
  virtual absl::StatusOr<std::vector<Transition>> Log(std::uint64_t after, std::size_t limit) = 0;
  // The hash of the line `sequence`; of the empty log for 0. NOT_FOUND.
  virtual absl::StatusOr<std::string> LogHash(std::uint64_t sequence) = 0;
  // The first and the newest line of each of the `ids` that the log knows.
  virtual absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& ids) = 0;
};

}  // namespace countersign::approval::store
