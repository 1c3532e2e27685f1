#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/person.h"
#include "libs/domain/review_gate.h"
#include "libs/domain/review_log.h"
#include "libs/json/document.h"

// Reads approval's log (review_log.h) and tells whether it proves that a call had its votes. For
// verifiers that have the lines alone; approval itself also checks their MACs.
namespace countersign::domain {

// One line: a step of a review.
struct ReviewStep {
  std::uint64_t sequence = 0;
  std::string review_id;
  ReviewState from = ReviewState::kUnspecified;
  ReviewState to = ReviewState::kUnspecified;
  std::string actor;                     // display name; "countersign" for expiry
  std::string detail;                    // JSON object: the terms, the vote, the use
  absl::Time at = absl::InfinitePast();  // whole microseconds
};
// The body of a line, and back. INVALID_ARGUMENT for bytes that are none.
std::string EncodeReviewStep(const ReviewStep& step);
absl::StatusOr<ReviewStep> DecodeReviewStep(absl::string_view body);

// A use of an approval, as a session's record has it.
struct RecordedUse {
  std::string session_id;
  std::string review_id;
  std::string binding_hash;  // of the request that was forwarded
  std::string connection;
  std::string issuer, subject;         // of the caller; these three may be cut at 512 bytes
  std::vector<std::string> approvers;  // display names
};

// The reviews of interest, replayed line by line. Not thread-safe.
class ReviewHistory {
 public:
  // Keeps only what the log says about `review_ids`.
  explicit ReviewHistory(std::set<std::string> review_ids) : of_interest_(std::move(review_ids)) {}

  // The next line. INVALID_ARGUMENT when it cannot be read.
  absl::Status Add(const ReviewLogLine& line);

  enum class Proof {
    kProven,
    kMissing,       // the lines do not contain the review from its opening on
    kEarlier,       // an earlier program opened it, and did not write all that is needed
    kContradicted,  // the lines say otherwise
  };
  struct Result {
    Proof proof = Proof::kMissing;
    std::string problem;  // unless proven
  };
  // Proven: the review was opened by this caller for these bytes on this connection, enough people
  // who may vote on it had approved them and none had denied, and then this session took one of the
  // uses of the approval in time. The approvers are those that the record names.
  Result Check(const RecordedUse& use) const;

 private:
  struct Review {
    bool opened = false;
    bool complete = false;  // its opening says all that is needed
    std::string binding_hash, connection;
    Person requester;
    std::size_t approvals = 0, uses = 0;
    absl::Duration grant_ttl;
    ReviewState state = ReviewState::kUnspecified;
    absl::Time approved_at = absl::InfinitePast();
    bool denied = false;
    std::set<std::string> people;                       // PersonKey of those who approved
    std::vector<std::string> approvers;                 // their display names, in order
    std::string problem;                                // the first step that is not legal
    std::map<std::string, std::string> problem_of_use;  // by session; "" for a proper use
  };
  static void Open(const json::Value& terms, Review& review);
  static void Vote(const ReviewStep& step, const json::Value& vote, Review& review);
  static void Use(const ReviewStep& step, const std::string& session, Review& review);

  const std::set<std::string> of_interest_;
  std::map<std::string, Review> reviews_;
};

}  // namespace countersign::domain
