#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "libs/domain/session.h"
#include "services/session_recorder/live/batch_writer.h"
#include "services/session_recorder/live/group_committer.h"
#include "services/session_recorder/recorder_metrics.h"

namespace countersign::session_recorder::live {

struct LiveSessionsOptions {
  // Names this process in the store; a UUID made at start.
  std::string node;
  // True when no other recorder process ever writes to the same database: what runs when
  // LiveSessions starts then has no writer any more. False: only what its recorder has not kept
  // alive for `lease`. A second recorder that believes to be the only one closes the first one's
  // sessions.
  bool sole_recorder = false;
  absl::Duration lease = absl::Seconds(15);
  GroupLimits limits;
};

// All sessions that have a writer now: the one way in which events come into the record. Strict by
// default: Append is answered when the events are durable. After a `decision` event that says
// "recording":"ordered", `response.*` events are answered when they are queued in order; their loss
// later stops the session. Thread-safe; callbacks run on the committing thread or on the caller's,
// and may call LiveSessions.
class LiveSessions {
 public:
  class Session;
  using Handle = std::shared_ptr<Session>;

  // How a writer shows that it is there: by messages (any renews), or by holding its handle until
  // it calls End or Abandon.
  enum class Lease { kRenewed, kHeld };

  LiveSessions(store::RecordStore& store, chain::KeyRing& keys, const Clock& clock,
               RandomSource& random, RecorderMetrics metrics, LiveSessionsOptions options);
  ~LiveSessions();

  // A session of which nothing is on record yet. Its first Append or End opens it: the `request`
  // event is in the same commit, before what that call brings. Never blocks.
  Handle NewSession(const domain::SessionStart& start, const domain::Principal& principal,
                    Lease lease);

  // Answers the index of the last event when all are durable. ALREADY_EXISTS for a session id that
  // was used before. ABORTED `killed` or `lease_lost` when the session was stopped; after any error
  // only End is accepted. INVALID_ARGUMENT for a type that is not a writer's to send, or an id that
  // is no UUID.
  void Append(const Handle& session, std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::Done<std::uint32_t> done);

  // The same, with the end in the same commit. Also ABORTED `recording_lost`: the end is durable,
  // but something before it is not; an end that should say completed says aborted.
  void End(const Handle& session, std::vector<domain::SessionEvent> events,
           const domain::SessionEnd& end, absl::Time deadline, domain::Done<std::uint32_t> done);

  // Called at most once, at once when the session is stopped already.
  void OnStop(const Handle& session, domain::DoneStatus on_stop);

  // The writer is there. ABORTED when the session was stopped.
  absl::Status Renew(const Handle& session);

  // The writer is gone: closes the session as truncated unless it has ended or never opened.
  void Abandon(const Handle& session);

  // Orders a session to stop, wherever its writer is. False when it had ended already; NOT_FOUND.
  // Blocking.
  absl::StatusOr<bool> Kill(const std::string& id);

  // Answers what is past its deadline and closes what is past its lease. Never blocks; to be called
  // several times a second.
  void Tick();

  // Keeps this node alive in the store, takes over what other processes left behind, picks up kill
  // orders given elsewhere, retries closing. Blocking; to be called once before serving and then
  // every 5 s.
  absl::Status Maintain();

  std::size_t open_sessions() const;

 private:
  struct Waiting;
  struct Operation;
  using Answer = std::shared_ptr<Waiting>;

  Answer Expect(absl::Time deadline, domain::Done<std::uint32_t> done);
  // False when it was answered already.
  bool Finish(const Answer& answer, absl::StatusOr<std::uint32_t> result);
  absl::Status Prepare(const Handle& session, Operation& operation);
  void Submit(Operation operation);
  void Commit(std::vector<Operation> batch);
  void Settle(const Operation& operation, const absl::StatusOr<std::uint32_t>& result);
  void Stop(const Handle& session, const absl::Status& why);
  void Close(const Handle& session);
  absl::Status Adopt(const SessionRow& row);
  absl::Status StopReason(const Handle& session) const;
  absl::Time Now() const;

  store::RecordStore& store_;
  const Clock& clock_;
  const RecorderMetrics metrics_;
  const LiveSessionsOptions options_;
  BatchWriter writer_;

  mutable Mutex mutex_;
  std::map<std::string, Handle> live_ CS_GUARDED_BY(mutex_);         // opened or opening, not ended
  std::set<Handle> unclosed_ CS_GUARDED_BY(mutex_);                  // whose closing failed
  std::multimap<absl::Time, Answer> waiting_ CS_GUARDED_BY(mutex_);  // by deadline
  absl::Time committing_since_ CS_GUARDED_BY(mutex_) = absl::InfiniteFuture();

  GroupCommitter<Operation> committer_;  // last: its thread uses everything above
};

}  // namespace countersign::session_recorder::live
