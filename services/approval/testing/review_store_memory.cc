#include "services/approval/testing/review_store_memory.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "libs/base/status.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_rules.h"
#include "services/approval/store/transition_details.h"

namespace countersign::approval::testing {

using domain::ReviewState;

namespace {

template <typename Names>
bool Contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Matches(const store::ReviewQuery& query, const reviews::Review& review) {
  if (!query.all_states && review.state != query.state) return false;
  if (!query.before.empty() && review.id >= query.before) return false;
  if (query.audits_all || Contains(query.audited, review.connection)) return true;
  if (!query.all_connections && !Contains(query.connections, review.connection)) return false;
  return std::any_of(review.terms.reviewers.begin(), review.terms.reviewers.end(),
                     [&](const std::string& name) { return Contains(query.names, name); });
}

}  // namespace

MemoryReviewStore::Row* MemoryReviewStore::Find(const std::string& id) {
  const auto row = rows_.find(id);
  return row == rows_.end() ? nullptr : &row->second;
}

reviews::Review MemoryReviewStore::View(const Row& row) const {
  reviews::Review view = row.review;
  view.state = reviews::StateAt(view, clock_.Now());
  return view;
}

void MemoryReviewStore::Move(Row& row, ReviewState to, const std::string& actor,
                             const std::string& detail) {
  store::Transition line;
  line.review_id = row.review.id;
  line.from = row.review.state;
  line.to = to;
  line.actor = actor;
  line.detail = detail;
  line.at = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  log_.push_back(store::Chain(std::move(line), head_, mac_key_));
  row.review.state = to;
}

bool MemoryReviewStore::ExpireIfDue(Row& row) {
  if (reviews::StateAt(row.review, clock_.Now()) == row.review.state) return false;
  Move(row, ReviewState::kExpired, store::kSystemActor, store::kExpiredDetail);
  return true;
}

absl::StatusOr<store::Joined> MemoryReviewStore::Join(const reviews::NewReview& call) {
  if (absl::Status status = reviews::CheckNew(call); !status.ok()) return status;
  const MutexLock lock(mutex_);
  const std::string key = reviews::CallKey(call.requester, call.connection, call.binding_hash);
  std::vector<reviews::Review> same_call;
  for (auto& [id, row] : rows_) {
    if (row.call_key != key) continue;
    ExpireIfDue(row);
    same_call.push_back(row.review);
  }
  const reviews::Review* found =
      reviews::ChooseReview(same_call, reviews::TermsKey(call.terms), clock_.Now());
  if (found != nullptr) return store::Joined{*found, false};
  const auto pending =
      static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), [&](const auto& entry) {
        return reviews::IsSameCaller(entry.second.review.requester, call.requester) &&
               View(entry.second).state == ReviewState::kPending;
      }));
  if (pending >= reviews::kMaxPendingPerCaller) return errors::TooManyReviews(pending);

  Row row;
  row.call_key = key;
  row.content = call.content;
  row.review = reviews::MakePendingReview(call, UuidV7(clock_.Now(), random_), clock_.Now());
  row.review.state = ReviewState::kUnspecified;  // until Move
  Move(row, ReviewState::kPending, call.requester.DisplayName(),
       store::OpenedDetail(call, call.session_id));
  const std::string id = row.review.id;
  return store::Joined{rows_.emplace(id, std::move(row)).first->second.review, true};
}

absl::StatusOr<reviews::Review> MemoryReviewStore::Get(const std::string& id) {
  const MutexLock lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  ExpireIfDue(*row);
  return row->review;
}

absl::StatusOr<reviews::ReviewContent> MemoryReviewStore::Content(const std::string& id) {
  const MutexLock lock(mutex_);
  const Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  return row->content == nullptr ? reviews::ReviewContent{} : *row->content;
}

absl::StatusOr<std::vector<reviews::Review>> MemoryReviewStore::List(
    const store::ReviewQuery& query) {
  const MutexLock lock(mutex_);
  std::vector<reviews::Review> found;
  for (auto row = rows_.rbegin(); row != rows_.rend() && found.size() < query.limit; ++row) {
    ExpireIfDue(row->second);
    if (Matches(query, row->second.review)) found.push_back(row->second.review);
  }
  return found;
}

absl::StatusOr<std::vector<domain::ReviewStatus>> MemoryReviewStore::Statuses(
    const std::vector<std::string>& ids) {
  const MutexLock lock(mutex_);
  std::vector<domain::ReviewStatus> statuses;
  for (const std::string& id : ids) {
    Row* row = Find(id);
    if (row == nullptr) continue;
    ExpireIfDue(*row);
    statuses.push_back(row->review.Status());
  }
  return statuses;
}

absl::StatusOr<reviews::Review> MemoryReviewStore::CastVote(const std::string& id,
                                                            const reviews::Vote& vote) {
  const MutexLock lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  const absl::Time now = clock_.Now();
  reviews::Review& review = row->review;
  if (absl::Status status = reviews::CheckVote(review, vote, now); !status.ok()) return status;
  const ReviewState after = reviews::AddVote(review, vote, now);
  Move(*row, after, vote.voter.DisplayName(), store::VoteDetail(vote));
  return review;
}

absl::StatusOr<store::Use> MemoryReviewStore::Consume(const std::string& id,
                                                      const std::string& session_id,
                                                      const reviews::Person& requester,
                                                      const std::string& binding_hash) {
  const MutexLock lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr || row->review.requester.issuer != requester.issuer ||
      row->review.requester.subject != requester.subject) {
    return errors::NotFound(id);
  }
  reviews::Review& review = row->review;
  const auto earlier = row->uses.find(session_id);
  if (earlier != row->uses.end()) {
    if (review.binding_hash != binding_hash) return errors::BindingMismatch(id);
    CS_ASSIGN_OR_RETURN(const store::ProvenReview proven,
                        store::ProveReview(review, Extract(id), mac_key_));
    if (proven.sessions.count(session_id) == 0) return errors::UseUnproven(id);
    return store::Use{id, session_id, earlier->second, review};
  }
  CS_RETURN_IF_ERROR(reviews::CheckUse(review, binding_hash, clock_.Now()));
  CS_ASSIGN_OR_RETURN(const store::ProvenReview proven,
                      store::ProveReview(review, Extract(id), mac_key_));
  CS_RETURN_IF_ERROR(store::CheckProvenUse(proven, review, clock_.Now()));
  const ReviewState after = reviews::StateAfterUse(review);
  --review.uses_left;
  row->uses.emplace(session_id, clock_.Now());
  Move(*row, after, review.requester.DisplayName(), store::UseDetail(session_id));
  return store::Use{id, session_id, clock_.Now(), review};
}

absl::StatusOr<reviews::Review> MemoryReviewStore::Revoke(const std::string& id,
                                                          const std::string& actor,
                                                          const std::string& reason) {
  const MutexLock lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  reviews::Review& review = row->review;
  const ReviewState state = reviews::StateAt(review, clock_.Now());
  if (state == ReviewState::kRevoked) return review;
  if (state != ReviewState::kApproved) return errors::NotApproved(id, state);
  review.reason = reason;
  review.revoked_by = actor;
  review.revoked_at = clock_.Now();
  Move(*row, ReviewState::kRevoked, actor, store::ReasonDetail(reason));
  return review;
}

store::LogExtract MemoryReviewStore::Extract(const std::string& id) const {
  store::LogExtract extract;
  std::size_t first = 0;
  while (first < log_.size() && log_[first].review_id != id) ++first;
  if (first == log_.size()) return extract;
  if (first > 0) extract.before = {log_[first - 1].sequence, log_[first - 1].hash};
  extract.lines.assign(log_.begin() + static_cast<std::ptrdiff_t>(first), log_.end());
  return extract;
}

absl::Status MemoryReviewStore::Void(const std::string& id, const std::string& reason) {
  const MutexLock lock(mutex_);
  Row* row = Find(id);
  if (row == nullptr) return errors::NotFound(id);
  std::optional<store::Transition> line = store::MakeVoidTransition(Extract(id), id, reason);
  if (row->review.state == ReviewState::kApproved) {
    row->review.state = ReviewState::kRevoked;
    row->review.reason = reason;
  }
  if (line) {
    line->at = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
    log_.push_back(store::Chain(*std::move(line), head_, mac_key_));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> MemoryReviewStore::ExpireDue(std::size_t limit) {
  const MutexLock lock(mutex_);
  std::size_t expired = 0;
  for (auto& [id, row] : rows_) {
    if (expired < limit && ExpireIfDue(row)) ++expired;
  }
  return expired;
}

absl::StatusOr<store::ReviewCounts> MemoryReviewStore::Counts() {
  const MutexLock lock(mutex_);
  store::ReviewCounts counts;
  for (const auto& [id, row] : rows_) {
    if (View(row).state == ReviewState::kPending) ++counts.pending;
  }
  return counts;
}

absl::StatusOr<store::LogHead> MemoryReviewStore::Head() {
  const MutexLock lock(mutex_);
  return head_;
}

absl::StatusOr<std::vector<store::Transition>> MemoryReviewStore::Log(std::uint64_t after,
                                                                      std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<store::Transition> lines;
  for (std::size_t i = after; i < log_.size() && lines.size() < limit; ++i) {
    lines.push_back(log_[i]);
  }
  return lines;
}

absl::StatusOr<std::string> MemoryReviewStore::LogHash(std::uint64_t sequence) {
  const MutexLock lock(mutex_);
  if (sequence == 0) return store::EmptyLogHead().hash;
  if (sequence > log_.size()) return absl::NotFoundError("no such line");
  return log_[sequence - 1].hash;
}

absl::StatusOr<std::vector<domain::ReviewLines>> MemoryReviewStore::Locate(
    const std::vector<std::string>& ids) {
  const MutexLock lock(mutex_);
  std::vector<domain::ReviewLines> found;
  for (const std::string& id : ids) {
    domain::ReviewLines lines{id, 0, 0};
    for (const store::Transition& line : log_) {
      if (line.review_id != id) continue;
      if (lines.first == 0) lines.first = line.sequence;
      lines.last = line.sequence;
    }
    if (lines.first != 0) found.push_back(std::move(lines));
  }
  return found;
}

}  // namespace countersign::approval::testing
