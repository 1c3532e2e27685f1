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
  domain::ReviewState state = domain::ReviewState::kPending;  // as it stands now
  bool all_states = false;
  std::vector<std::string> names;  // of the reader: reviews whose terms name one of these
  bool all_connections = false;    // else only those in `connections`
  std::vector<std::string> connections;
  std::size_t limit = 100;
  std::string before;  // id of the last review of the page before; empty: the first page
};

struct Use {
  std::string review_id;
  std::string session_id;
  absl::Time at = absl::InfinitePast();
  reviews::Review review;  // as it stands after the use
};

struct ReviewCounts {
  std::size_t pending = 0;
};

// Where reviews live. Every method is one transaction: the change, its line in the transition log,
// or nothing. The store's own clock (the database's) decides what has expired. Blocking; never on a
// network thread. Thread-safe, and safe between processes where the medium is shared.
//
// Ids that are no UUID are NOT_FOUND. UNAVAILABLE when the medium cannot be reached; UNKNOWN with
// reason commit_unknown when it broke while committing: repeat the call, all of them are safe to
// repeat except Vote, which then answers ALREADY_EXISTS.
class ReviewStore {
 public:
  virtual ~ReviewStore() = default;

  // Finds the review that the call joins (ChooseReview) or opens one. Calls that race get the same.
  virtual absl::StatusOr<Joined> Join(const reviews::NewReview& call) = 0;

  virtual absl::StatusOr<reviews::Review> Get(const std::string& id) = 0;  // with votes; NOT_FOUND
  virtual absl::StatusOr<reviews::ReviewContent> Content(const std::string& id) = 0;
  virtual absl::StatusOr<std::vector<reviews::Review>> List(
      const ReviewQuery& query) = 0;  // newest first
  // Statuses of those of `ids` that exist, in one read.
  virtual absl::StatusOr<std::vector<domain::ReviewStatus>> Statuses(
      const std::vector<std::string>& ids) = 0;

  // Records a vote (CheckVote) and what follows from it (Tally).
  virtual absl::StatusOr<reviews::Review> CastVote(const std::string& id,
                                                   const reviews::Vote& vote) = 0;

  // Takes one use for the session, if `requester` asked for the review (else NOT_FOUND) and
  // CheckUse holds. A session that has a use already gets the same one again.
  virtual absl::StatusOr<Use> Consume(const std::string& id, const std::string& session_id,
                                      const reviews::Person& requester,
                                      const std::string& binding_hash) = 0;

  // Takes back an APPROVED review; FAILED_PRECONDITION review_not_approved for any other. Answers
  // an already REVOKED one as it is.
  virtual absl::StatusOr<reviews::Review> Revoke(const std::string& id, const std::string& actor,
                                                 const std::string& reason) = 0;

  // Marks at most `limit` reviews whose time is over as EXPIRED; answers how many.
  virtual absl::StatusOr<std::size_t> ExpireDue(std::size_t limit) = 0;
  virtual absl::StatusOr<ReviewCounts> Counts() = 0;

  virtual absl::StatusOr<LogHead> Head() = 0;
  // Lines with sequence numbers above `after`, in order.
  virtual absl::StatusOr<std::vector<Transition>> Log(std::uint64_t after, std::size_t limit) = 0;
};

}  // namespace countersign::approval::store
