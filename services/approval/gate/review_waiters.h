#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/review_gate.h"
#include "services/approval/gate/timers.h"

namespace countersign::approval::gate {

// The held calls: which session waits for which review, and until when. A held call costs one entry
// here and one in `timers`, and no thread or database connection. Thread-safe.
//
// A session counts as waiting from Arrive until it leaves or its review is decided. Between two
// Waits it counts for a grace period of a few seconds.
class ReviewWaiters {
 public:
  // Both must outlive this object.
  ReviewWaiters(Timers& timers, const Clock& clock) : timers_(timers), clock_(clock) {}
  ~ReviewWaiters();  // answers waiting calls with UNAVAILABLE
  ReviewWaiters(const ReviewWaiters&) = delete;
  ReviewWaiters& operator=(const ReviewWaiters&) = delete;

  // Registers a session that has joined and is about to wait.
  void Arrive(const std::string& review_id, const std::string& session_id);

  // Calls `done` once: when Settle reports that the review is no longer PENDING, with `pending` at
  // `deadline`, or with CANCELLED when the session leaves. A session has one Wait at a time: a
  // second one ends the first with `pending`.
  void Wait(domain::ReviewStatus pending, const std::string& session_id, absl::Time deadline,
            domain::Done<domain::ReviewStatus> done);

  // Ends the session's waiting. For the next 30 seconds its Arrive and Wait are ignored, because
  // they may have been queued before it left.
  void Leave(const std::string& review_id, const std::string& session_id);

  // Reports the state found by a vote or a poll. A status that is still PENDING changes nothing.
  void Settle(const domain::ReviewStatus& status);

  std::vector<std::string> WaitedFor() const;  // ids of reviews with held calls
  std::size_t Waiting(const std::string& review_id) const;

 private:
  struct Session {
    domain::Done<domain::ReviewStatus> done;  // null between two waits
    domain::ReviewStatus pending;
    Timers::Id timer = 0;
    std::uint64_t ticket = 0;  // of the current wait or grace
  };
  using Sessions = std::map<std::string, Session>;

  void Hold(const std::string& review_id, const std::string& session_id, Session session,
            absl::Time until);
  void Remember(const std::string& session_id) CS_REQUIRES(mutex_);
  void Over(const std::string& review_id, const std::string& session_id, std::uint64_t ticket);

  Timers& timers_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::uint64_t last_ticket_ CS_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Sessions> reviews_ CS_GUARDED_BY(mutex_);
  // Sessions that left, and the timer that removes each.
  std::map<std::string, Timers::Id> left_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::approval::gate
