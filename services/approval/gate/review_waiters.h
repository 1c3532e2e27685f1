#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/domain/review_gate.h"
#include "services/approval/gate/timers.h"

namespace countersign::approval::gate {

// The calls that are held: who waits for which review, and with what deadline. A held call is one
// small entry here and one in `timers`: no thread, no database connection. Thread-safe.
//
// A session counts as waiting from Arrive until it leaves, its review is decided, or, between two
// waits, a grace of a few seconds is over.
class ReviewWaiters {
 public:
  // Both must outlive this object.
  ReviewWaiters(Timers& timers, const Clock& clock) : timers_(timers), clock_(clock) {}
  ~ReviewWaiters();  // answers who still waits with UNAVAILABLE
  ReviewWaiters(const ReviewWaiters&) = delete;
  ReviewWaiters& operator=(const ReviewWaiters&) = delete;

  // The session has joined and is about to wait.
  void Arrive(const std::string& review_id, const std::string& session_id);

  // Answers `done` when Settle hears that the review is no longer PENDING, with `pending` as it is
  // at `deadline`, or with CANCELLED when the session leaves. A session waits once: a second wait
  // answers the first with `pending`.
  void Wait(domain::ReviewStatus pending, const std::string& session_id, absl::Time deadline,
            domain::Done<domain::ReviewStatus> done);

  // The session has left for good: for half a minute, which is longer than anything is under way,
  // it neither arrives nor waits again.
  void Leave(const std::string& review_id, const std::string& session_id);

  // What a vote or a poll found out. A status that is still PENDING changes nothing.
  void Settle(const domain::ReviewStatus& status);

  std::vector<std::string> WaitedFor() const;  // ids of reviews with somebody held, for one poll
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
  void Remember(const std::string& session_id);
  void Over(const std::string& review_id, const std::string& session_id, std::uint64_t ticket);

  Timers& timers_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::uint64_t last_ticket_ = 0;
  std::map<std::string, Sessions> reviews_;
  std::map<std::string, Timers::Id> left_;  // sessions, and what will forget them
};

}  // namespace countersign::approval::gate
