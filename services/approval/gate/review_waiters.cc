#include "services/approval/gate/review_waiters.h"

#include <utility>

namespace countersign::approval::gate {
namespace {

// How long a session still counts as waiting after a Wait ended: its client calls Wait again.
constexpr absl::Duration kGrace = absl::Seconds(5);

// How long after Leave a Wait of the same session can still arrive, having been queued.
constexpr absl::Duration kRemember = absl::Seconds(30);

}  // namespace

ReviewWaiters::~ReviewWaiters() {
  for (const auto& [session_id, timer] : left_) timers_.Cancel(timer);
  for (auto& [review_id, sessions] : reviews_) {
    for (auto& [session_id, session] : sessions) {
      timers_.Cancel(session.timer);
      if (session.done) session.done(absl::UnavailableError("approval is shutting down"));
    }
  }
}

void ReviewWaiters::Arrive(const std::string& review_id, const std::string& session_id) {
  Hold(review_id, session_id, Session{}, clock_.Now() + kGrace);
}

void ReviewWaiters::Wait(domain::ReviewStatus pending, const std::string& session_id,
                         absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  const std::string review_id = pending.review_id;
  Session session;
  session.done = std::move(done);
  session.pending = std::move(pending);
  Hold(review_id, session_id, std::move(session), deadline);
}

void ReviewWaiters::Hold(const std::string& review_id, const std::string& session_id,
                         Session session, absl::Time until) {
  Session replaced;
  {
    MutexLock lock(mutex_);
    if (left_.count(session_id) > 0) {
      lock.Unlock();
      if (session.done) session.done(absl::CancelledError("the caller has left"));
      return;
    }
    session.ticket = ++last_ticket_;
    session.timer = timers_.At(until, [this, review_id, session_id, ticket = session.ticket] {
      Over(review_id, session_id, ticket);
    });
    Session& slot = reviews_[review_id][session_id];
    replaced = std::exchange(slot, std::move(session));
  }
  timers_.Cancel(replaced.timer);
  if (replaced.done) replaced.done(std::move(replaced.pending));
}

void ReviewWaiters::Over(const std::string& review_id, const std::string& session_id,
                         std::uint64_t ticket) {
  Session over;
  {
    const MutexLock lock(mutex_);
    const auto review = reviews_.find(review_id);
    if (review == reviews_.end()) return;
    const auto session = review->second.find(session_id);
    if (session == review->second.end() || session->second.ticket != ticket) return;
    over = std::move(session->second);
    review->second.erase(session);
    if (review->second.empty()) reviews_.erase(review);
  }
  if (!over.done) return;
  // The client calls Wait again; until then its session still counts.
  Arrive(review_id, session_id);
  over.done(std::move(over.pending));
}

void ReviewWaiters::Remember(const std::string& session_id) {
  if (left_.count(session_id) > 0) return;
  left_[session_id] = timers_.At(clock_.Now() + kRemember, [this, session_id] {
    const MutexLock lock(mutex_);
    left_.erase(session_id);
  });
}

void ReviewWaiters::Leave(const std::string& review_id, const std::string& session_id) {
  Session gone;
  {
    const MutexLock lock(mutex_);
    Remember(session_id);
    const auto review = reviews_.find(review_id);
    if (review == reviews_.end()) return;
    const auto session = review->second.find(session_id);
    if (session == review->second.end()) return;
    gone = std::move(session->second);
    review->second.erase(session);
    if (review->second.empty()) reviews_.erase(review);
  }
  timers_.Cancel(gone.timer);
  if (gone.done) gone.done(absl::CancelledError("the caller has left"));
}

void ReviewWaiters::Settle(const domain::ReviewStatus& status) {
  if (status.state == domain::ReviewState::kPending) return;
  Sessions settled;
  {
    const MutexLock lock(mutex_);
    const auto review = reviews_.find(status.review_id);
    if (review == reviews_.end()) return;
    settled = std::move(review->second);
    reviews_.erase(review);
  }
  for (auto& [session_id, session] : settled) {
    timers_.Cancel(session.timer);
    if (session.done) session.done(status);
  }
}

std::vector<std::string> ReviewWaiters::WaitedFor() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [review_id, sessions] : reviews_) ids.push_back(review_id);
  return ids;
}

std::size_t ReviewWaiters::Waiting(const std::string& review_id) const {
  const MutexLock lock(mutex_);
  const auto review = reviews_.find(review_id);
  return review == reviews_.end() ? 0 : review->second.size();
}

}  // namespace countersign::approval::gate
