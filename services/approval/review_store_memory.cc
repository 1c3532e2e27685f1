#include "services/approval/review_store_memory.h"

#include <algorithm>

#include "services/approval/approval_errors.h"
#include "services/approval/review_rules.h"
#include "services/approval/transition_details.h"

namespace countersign::approval {

using domain::ReviewState;

namespace {

template <typename Names>
bool Contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Matches(const ReviewQuery& query, const Review& review) {
  if (!query.all_states && review.state != query.state) return false;
  if (!query.all_connections && !Contains(query.connections, review.connection)) return false;
  if (!query.before.empty() && review.id >= query.before) return false;
  return std::any_of(review.terms.reviewers.begin(), review.terms.reviewers.end(),
                     [&](const std::string& name) { return Contains(query.names, name); });
}

}  // namespace

MemoryReviewStore::Row* MemoryReviewStore::Find(const std::string& id) {
  const auto row = rows_.find(id);
  return row == rows_.end() ? nullptr : &row->second;
}

Review MemoryReviewStore::View(const Row& row) const {
  Review view = row.review;
  view.state = StateAt(view, clock_.Now());
  return view;
}

void MemoryReviewStore::Move(Row& row, ReviewState to, const std::string& actor,
                             const std::string& detail) {
  Transition line;
  line.review_id = row.review.id;
  line.from = row.review.state;
  line.to = to;
  line.actor = actor;
  line.detail = detail;
  line.at = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  log_.push_back(Chain(std::move(line), head_));
  row.review.state = to;
}

bool MemoryReviewStore::ExpireIfDue(Row& row) {
  if (StateAt(row.review, clock_.Now()) == row.review.state) return false;
  Move(row, ReviewState::kExpired, kSystemActor, kExpiredDetail);
  return true;
}

absl::StatusOr<Joined> MemoryReviewStore::Join(const NewReview& call) {
  if (absl::Status status = CheckNew(call); !status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string key = CallKey(call.requester, call.connection, call.binding_hash);
  std::vector<Review> same_call;
  for (auto& [id, row] : rows_) {
    if (row.call_key != key) continue;
    ExpireIfDue(row);
    same_call.push_back(row.review);
  }
  const Review* found = ChooseReview(same_call, TermsKey(call.terms), clock_.Now());
  if (found != nullptr) return Joined{*found, false};

  Row row;
  row.call_key = key;
  row.content = call.content;
  Review& review = row.review;
  review.id = UuidV7(clock_.Now(), random_);
  review.requester = call.requester;
  review.connection = call.connection;
  review.connection_version = call.connection_version;
  review.binding_hash = call.binding_hash;
  review.policy = call.policy;
  review.policy_version = call.policy_version;
  review.terms = call.terms;
  review.prompt_tokens = call.prompt_tokens;
  review.model = call.model;
  review.created_at = clock_.Now();
  review.pending_expires_at = clock_.Now() + call.terms.pending_ttl;
  Move(row, ReviewState::kPending, call.requester.DisplayName(), OpenedDetail(call));
  const std::string id = review.id;
  return Joined{rows_.emplace(id, std::move(row)).first->second.review, true};
}

absl::StatusOr<Review> MemoryReviewStore::Get(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  return View(*row);
}

absl::StatusOr<ReviewContent> MemoryReviewStore::Content(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  return row->content == nullptr ? ReviewContent{} : *row->content;
}

absl::StatusOr<std::vector<Review>> MemoryReviewStore::List(const ReviewQuery& query) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Review> found;
  for (auto row = rows_.rbegin(); row != rows_.rend() && found.size() < query.limit; ++row) {
    Review view = View(row->second);
    if (Matches(query, view)) found.push_back(std::move(view));
  }
  return found;
}

absl::StatusOr<std::vector<domain::ReviewStatus>> MemoryReviewStore::Statuses(
    const std::vector<std::string>& ids) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<domain::ReviewStatus> statuses;
  for (const std::string& id : ids) {
    if (const Row* row = Find(id); row != nullptr) statuses.push_back(View(*row).Status());
  }
  return statuses;
}

absl::StatusOr<Review> MemoryReviewStore::CastVote(const std::string& id, const Vote& vote) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  const absl::Time now = clock_.Now();
  Review& review = row->review;
  if (absl::Status status = CheckVote(review, vote, now); !status.ok()) return status;
  review.votes.push_back(vote);
  review.votes.back().at = now;
  const ReviewState after = Tally(review);
  if (after != ReviewState::kPending) review.decided_at = now;
  if (after == ReviewState::kDenied) review.reason = vote.reason;
  if (after == ReviewState::kApproved) {
    review.uses_left = review.terms.grant_uses;
    review.grant_expires_at = now + review.terms.grant_ttl;
  }
  Move(*row, after, vote.voter.DisplayName(), VoteDetail(vote));
  return review;
}

absl::StatusOr<Use> MemoryReviewStore::Consume(const std::string& id, const std::string& session_id,
                                               const Person& requester,
                                               const std::string& binding_hash) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr || row->review.requester.issuer != requester.issuer ||
      row->review.requester.subject != requester.subject) {
    return errors::NotFound(id);
  }
  Review& review = row->review;
  const auto earlier = row->uses.find(session_id);
  if (earlier != row->uses.end()) {
    if (review.binding_hash != binding_hash) return errors::BindingMismatch(id);
    return Use{id, session_id, earlier->second, review};
  }
  if (absl::Status status = CheckUse(review, binding_hash, clock_.Now()); !status.ok()) {
    return status;
  }
  const ReviewState after = AfterUse(review);
  --review.uses_left;
  row->uses.emplace(session_id, clock_.Now());
  Move(*row, after, review.requester.DisplayName(), UseDetail(session_id));
  return Use{id, session_id, clock_.Now(), review};
}

absl::StatusOr<Review> MemoryReviewStore::Revoke(const std::string& id, const std::string& actor,
                                                 const std::string& reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  Review& review = row->review;
  const ReviewState state = StateAt(review, clock_.Now());
  if (state == ReviewState::kRevoked) return review;
  if (state != ReviewState::kApproved) return errors::NotApproved(id, state);
  review.reason = reason;
  Move(*row, ReviewState::kRevoked, actor, ReasonDetail(reason));
  return review;
}

absl::StatusOr<std::size_t> MemoryReviewStore::ExpireDue(std::size_t limit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t expired = 0;
  for (auto& [id, row] : rows_) {
    if (expired < limit && ExpireIfDue(row)) ++expired;
  }
  return expired;
}

absl::StatusOr<ReviewCounts> MemoryReviewStore::Counts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ReviewCounts counts;
  for (const auto& [id, row] : rows_) {
    if (View(row).state == ReviewState::kPending) ++counts.pending;
  }
  return counts;
}

absl::StatusOr<LogHead> MemoryReviewStore::Head() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return head_;
}

absl::StatusOr<std::vector<Transition>> MemoryReviewStore::Log(std::uint64_t after,
                                                               std::size_t limit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Transition> lines;
  for (std::size_t i = after; i < log_.size() && lines.size() < limit; ++i) {
    lines.push_back(log_[i]);
  }
  return lines;
}

}  // namespace countersign::approval
