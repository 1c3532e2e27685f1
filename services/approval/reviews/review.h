#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/domain/decision.h"
#include "libs/domain/person.h"
#include "libs/domain/prompt.h"
#include "libs/domain/review_gate.h"

// The values of a review as stored; no dependency on a database.
namespace countersign::approval::reviews {

using domain::Person;
using domain::ToPerson;

enum class Ballot { kDeny, kApprove };  // zero denies

struct Vote {
  Person voter;
  Ballot ballot = Ballot::kDeny;
  std::string reason;
  std::string seen_hash;  // the binding hash shown to the voter; optional for a denial
  // Groups from the claims of the voter's credential. Unlike those of an Identity they cannot be
  // looked up again when the grant is used.
  std::vector<std::string> claimed_groups;
  absl::Time at = absl::InfinitePast();  // set by the store
};

// Votes as callers and records are told of them.
std::vector<domain::ReviewVote> ToReviewVotes(const std::vector<Vote>& votes);

// What reviewers read, and the body to be sent. Sealed at rest.
struct ReviewContent {
  domain::SentHead head;
  domain::Prompt prompt;
  std::vector<domain::Finding> findings;
  std::string upstream_body;
};

// The part of a review that never changes after it was opened.
struct ReviewSubject {
  Person requester;
  std::string connection;
  std::uint64_t connection_version = 0;
  std::string binding_hash;
  std::string policy;
  std::uint64_t policy_version = 0;
  domain::ReviewTerms terms;
  std::size_t prompt_tokens = 0;
  std::string model;
};

// A call that asks for a review.
struct NewReview : ReviewSubject {
  std::string session_id;
  std::shared_ptr<const ReviewContent> content;
};

// A review as stored.
struct Review : ReviewSubject {
  std::string id;  // UUIDv7
  domain::ReviewState state = domain::ReviewState::kUnspecified;
  absl::Time created_at = absl::InfinitePast();
  absl::Time pending_expires_at = absl::InfinitePast();
  absl::Time decided_at = absl::InfinitePast();        // approved or denied; else InfinitePast
  absl::Time grant_expires_at = absl::InfinitePast();  // once approved; else InfinitePast
  int uses_left = 0;                                   // zero until approved
  std::string reason;                                  // of the denial or the revocation
  std::string revoked_by;                              // display name; see ReviewStore::Get
  absl::Time revoked_at = absl::InfinitePast();
  std::vector<Vote> votes;  // in order of time

  // When the PENDING review, or later its grant, expires.
  absl::Time ExpiresAt() const;
  domain::ReviewStatus Status() const;  // votes only once it is not PENDING
};

// The PENDING review that `call` opens at `now`.
Review MakePendingReview(const NewReview& call, std::string id, absl::Time now);

}  // namespace countersign::approval::reviews
