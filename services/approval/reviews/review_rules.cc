#include "services/approval/reviews/review_rules.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "services/approval/approval_errors.h"

namespace countersign::approval::reviews {

using domain::ReviewState;

namespace {

constexpr Edge kEdges[] = {
    {ReviewState::kUnspecified, ReviewState::kPending},  // opened
    {ReviewState::kPending, ReviewState::kPending},      // a vote that does not decide
    {ReviewState::kPending, ReviewState::kApproved},
    {ReviewState::kPending, ReviewState::kDenied},
    {ReviewState::kPending, ReviewState::kExpired},
    {ReviewState::kPending, ReviewState::kCancelled},
    {ReviewState::kApproved, ReviewState::kApproved},  // a use that leaves others
    {ReviewState::kApproved, ReviewState::kConsumed},
    {ReviewState::kApproved, ReviewState::kExhausted},
    {ReviewState::kApproved, ReviewState::kExpired},
    {ReviewState::kApproved, ReviewState::kRevoked},
};

constexpr int kMaxApprovals = 100;

bool IsBindingHash(const std::string& hash) { return hash.size() == 64 && IsLowerHex(hash); }

// PostgreSQL cannot store NUL in text, and truncating at it would turn "alice\0x" into "alice".
absl::Status CheckStorable(std::initializer_list<const std::string*> texts) {
  for (const std::string* text : texts) {
    if (absl::StrContains(*text, '\0')) {
      return absl::InvalidArgumentError("a name, reason or model contains a NUL character");
    }
  }
  return absl::OkStatus();
}

bool IsLater(const Review& a, const Review& b) {
  return a.created_at != b.created_at ? a.created_at > b.created_at : a.id > b.id;
}

}  // namespace

absl::Span<const Edge> LegalEdges() { return kEdges; }

bool IsLegal(ReviewState from, ReviewState to) {
  return std::any_of(std::begin(kEdges), std::end(kEdges),
                     [&](const Edge& edge) { return edge.from == from && edge.to == to; });
}

bool IsTerminal(ReviewState state) {
  return std::none_of(std::begin(kEdges), std::end(kEdges),
                      [&](const Edge& edge) { return edge.from == state; });
}

absl::Status CheckNew(const NewReview& review) {
  const domain::ReviewTerms& terms = review.terms;
  if (terms.approvals < 1 || terms.approvals > kMaxApprovals) {
    return absl::InvalidArgumentError(
        absl::StrCat("a review needs 1 to ", kMaxApprovals, " approvals, not ", terms.approvals));
  }
  if (terms.reviewers.empty() ||
      std::any_of(terms.reviewers.begin(), terms.reviewers.end(),
                  [](const std::string& name) { return name.empty(); })) {
    return absl::InvalidArgumentError("a review names at least one group or identity");
  }
  if (terms.grant_kind != domain::GrantKind::kOneShot || terms.grant_uses != 1) {
    return absl::InvalidArgumentError("a one-shot grant has exactly one use");
  }
  if (terms.pending_ttl <= absl::ZeroDuration() || terms.grant_ttl <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("a review's times are positive");
  }
  if (!IsBindingHash(review.binding_hash)) {
    return absl::InvalidArgumentError("a binding hash is 64 lower-case hex digits");
  }
  if (review.requester.issuer.empty() || review.requester.subject.empty()) {
    return absl::InvalidArgumentError("a review has a requester");
  }
  if (review.session_id.empty() || review.connection.empty()) {
    return absl::InvalidArgumentError("a review has a session and a connection");
  }
  const Person& who = review.requester;
  return CheckStorable({&who.issuer, &who.subject, &who.identity, &who.owner, &review.session_id,
                        &review.connection, &review.policy, &review.model});
}

bool IsSameCaller(const Person& a, const Person& b) {
  if (a.issuer == b.issuer && a.subject == b.subject) return true;
  return !a.identity.empty() && a.identity == b.identity;
}

std::string CallKey(const Person& requester, const std::string& connection,
                    const std::string& binding_hash) {
  return crypto::Sha256(LengthPrefixed()
                            .Add("countersign call v1")
                            .Add(requester.issuer)
                            .Add(requester.subject)
                            .Add(connection)
                            .Add(binding_hash)
                            .bytes());
}

std::string TermsKey(const domain::ReviewTerms& terms) {
  const std::set<std::string> reviewers(terms.reviewers.begin(), terms.reviewers.end());
  LengthPrefixed encoded;
  encoded.Add("countersign terms v1").Add(static_cast<std::uint64_t>(terms.approvals));
  encoded.Add(static_cast<std::uint64_t>(terms.grant_uses));
  encoded.Add(static_cast<std::uint64_t>(absl::ToInt64Milliseconds(terms.grant_ttl)));
  encoded.Add(reviewers.size());
  for (const std::string& name : reviewers) encoded.Add(name);
  return crypto::Sha256(encoded.bytes());
}

ReviewState StateAt(const Review& review, absl::Time now) {
  if (review.state == ReviewState::kPending && now >= review.pending_expires_at) {
    return ReviewState::kExpired;
  }
  if (review.state == ReviewState::kApproved && now >= review.grant_expires_at) {
    return ReviewState::kExpired;
  }
  return review.state;
}

const Review* ChooseReview(const std::vector<Review>& same_call, const std::string& terms_key,
                           absl::Time now) {
  const Review* pending = nullptr;
  const Review* approved = nullptr;
  const Review* denied = nullptr;
  const auto keep_later = [](const Review*& kept, const Review& review) {
    if (kept == nullptr || IsLater(review, *kept)) kept = &review;
  };
  for (const Review& review : same_call) {
    const ReviewState state = StateAt(review, now);
    if (state == ReviewState::kDenied && now < review.decided_at + review.terms.pending_ttl) {
      keep_later(denied, review);
    }
    if (TermsKey(review.terms) != terms_key) continue;
    if (state == ReviewState::kPending) keep_later(pending, review);
    if (state == ReviewState::kApproved && review.uses_left > 0) keep_later(approved, review);
  }
  if (pending != nullptr) return pending;
  return approved != nullptr ? approved : denied;
}

absl::Status CheckVote(const Review& review, const Vote& vote, absl::Time now) {
  if (vote.ballot == Ballot::kApprove && vote.seen_hash.empty()) {
    return errors::HashMissing(review.id);
  }
  CS_RETURN_IF_ERROR(CheckStorable({&vote.voter.issuer, &vote.voter.subject, &vote.voter.identity,
                                    &vote.voter.owner, &vote.reason, &vote.seen_hash}));
  if (!MayVote(vote.voter, review.requester)) return errors::SelfReview(review.id);
  if (!vote.seen_hash.empty() && vote.seen_hash != review.binding_hash) {
    return errors::HashMismatch(review.id);
  }
  const ReviewState state = StateAt(review, now);
  if (state == ReviewState::kExpired) return errors::Expired(review.id);
  if (state != ReviewState::kPending) return errors::NotPending(review.id, state);
  for (const Vote& earlier : review.votes) {
    // A person who approved may still deny: that ends the review.
    if (earlier.ballot == vote.ballot && PersonKey(earlier.voter) == PersonKey(vote.voter)) {
      return errors::AlreadyVoted(review.id);
    }
  }
  return absl::OkStatus();
}

ReviewState Tally(const Review& review) {
  std::set<std::string> people;
  for (const Vote& vote : review.votes) {
    if (vote.ballot == Ballot::kDeny) return ReviewState::kDenied;
    if (MayVote(vote.voter, review.requester)) people.insert(PersonKey(vote.voter));
  }
  const bool enough = review.terms.approvals >= 1 &&
                      people.size() >= static_cast<std::size_t>(review.terms.approvals);
  return enough ? ReviewState::kApproved : ReviewState::kPending;
}

ReviewState AddVote(Review& review, const Vote& vote, absl::Time now) {
  review.votes.push_back(vote);
  review.votes.back().at = now;
  const ReviewState after = Tally(review);
  if (after != ReviewState::kPending) review.decided_at = now;
  if (after == ReviewState::kDenied) review.reason = vote.reason;
  if (after == ReviewState::kApproved) {
    review.uses_left = review.terms.grant_uses;
    review.grant_expires_at = now + review.terms.grant_ttl;
  }
  return after;
}

absl::Status CheckUse(const Review& review, const std::string& binding_hash, absl::Time now) {
  if (review.binding_hash != binding_hash) return errors::BindingMismatch(review.id);
  switch (StateAt(review, now)) {
    case ReviewState::kApproved:
      return review.uses_left > 0 ? absl::OkStatus() : errors::Exhausted(review.id);
    case ReviewState::kConsumed:
    case ReviewState::kExhausted: return errors::Exhausted(review.id);
    case ReviewState::kExpired: return errors::Expired(review.id);
    case ReviewState::kRevoked: return errors::Revoked(review.id);
    default: return errors::NotApproved(review.id, review.state);
  }
}

ReviewState StateAfterUse(const Review& review) {
  if (review.uses_left > 1) return ReviewState::kApproved;
  return review.terms.grant_uses == 1 ? ReviewState::kConsumed : ReviewState::kExhausted;
}

}  // namespace countersign::approval::reviews
