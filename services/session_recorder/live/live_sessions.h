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
  // The name of this process in the store: a UUID made at start.
  std::string node;
  // True when no other recorder process ever writes to the same database: sessions that are running
  // when LiveSessions starts then have no writer and are closed at once. False: only sessions of
  // recorders that have not renewed their node within `lease` are closed. Two recorders with `true`
  // would close each other's sessions.
  bool sole_recorder = false;
  absl::Duration lease = absl::Seconds(15);
  GroupLimits limits;
};

// All sessions that have a writer; every event enters the record here. Recording is strict by
// default: Append is answered when its events are durable. After a `decision` event with
// "recording":"ordered", `response.*` events are answered when they are queued in order; if they
// are lost later, the session is stopped. Thread-safe; callbacks run on a committing thread or the
// caller's, and may call LiveSessions.
//
// Large writes are committed by a thread of their own, so that small ones do not wait for them.
class LiveSessions {
 public:
  class Session;
  using Handle = std::shared_ptr<Session>;

  // How a writer proves that it is alive: by messages, each of which renews its lease, or by
  // holding its handle until End or Abandon.
  enum class Lease { kRenewed, kHeld };

  LiveSessions(store::RecordStore& store, chain::KeyRing& keys, const Clock& clock,
               RandomSource& random, RecorderMetrics metrics, LiveSessionsOptions options);
  ~LiveSessions();

  // Every Append and End returns `status` until Accept is called. For a record that must not be
  // extended.
  void Refuse(absl::Status status);
  void Accept() { Refuse(absl::OkStatus()); }

  // A new session, not yet recorded. Its first Append or End opens it: the `request` event is
  // written in the same commit, before the events of that call. Never blocks.
  Handle NewSession(const domain::SessionStart& start, const domain::Principal& principal,
                    Lease lease);

  // Answers with the index of the last event when all are durable. ALREADY_EXISTS for a session id
  // that was used before; ABORTED `killed` or `lease_lost` when the session was stopped;
  // INVALID_ARGUMENT for a type that writers may not send, or an id that is not a UUID. After any
  // error only End is accepted.
  void Append(const Handle& session, std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::Done<std::uint32_t> done);

  // As Append, with the end in the same commit. Also ABORTED `recording_lost`: the end is durable
  // but earlier events are not, so an outcome `completed` is recorded as `aborted`.
  void End(const Handle& session, std::vector<domain::SessionEvent> events,
           const domain::SessionEnd& end, absl::Time deadline, domain::Done<std::uint32_t> done);

  // Calls `on_stop` at most once; immediately when the session was stopped before.
  void OnStop(const Handle& session, domain::DoneStatus on_stop);

  // Renews the writer's lease. ABORTED when the session was stopped.
  absl::Status Renew(const Handle& session);

  // The writer is gone: closes the session as truncated, unless it has ended or was never opened.
  void Abandon(const Handle& session);

  // Orders a session to stop, whichever process its writer is in. False when it had ended already;
  // NOT_FOUND. Blocking.
  absl::StatusOr<bool> Kill(const std::string& id);

  // Answers operations past their deadline and closes sessions past their lease. Never blocks. Call
  // it several times a second.
  void Tick();

  // Renews this node in the store, takes over sessions of other processes that are gone, applies
  // kill orders given to other recorders, and retries failed closings. Blocking. Call it once
  // before serving and then every 5 s.
  absl::Status Maintain();

  std::size_t open_sessions() const;

  // OK unless the newest commit failed for a reason that is not its session's. Kept until a commit
  // or, by Maintain, the store's ProbeWrite succeeds.
  absl::Status WriteFailure() const;

 private:
  struct Waiting;
  struct Operation;
  struct Lane;
  using Answer = std::shared_ptr<Waiting>;

  Answer Expect(absl::Time deadline, domain::Done<std::uint32_t> done);
  // False when it was already answered.
  bool Finish(const Answer& answer, absl::StatusOr<std::uint32_t> result);
  absl::Status Prepare(const Handle& session, Operation& operation);
  void Submit(Operation operation);
  void Commit(Lane& lane, std::vector<Operation> batch);
  void Settle(const Operation& operation, const absl::StatusOr<std::uint32_t>& result);
  void NoteOutcome(const std::vector<absl::StatusOr<std::uint32_t>>& answers);
  void Stop(const Handle& session, const absl::Status& why);
  void Close(const Handle& session);
  absl::Status Adopt(const SessionRow& row);
  absl::Status StopReason(const Handle& session) const;
  absl::Time Now() const;

  store::RecordStore& store_;
  const Clock& clock_;
  const RecorderMetrics metrics_;
  const LiveSessionsOptions options_;

  mutable Mutex mutex_;
  std::map<std::string, Handle> live_ CS_GUARDED_BY(mutex_);  // opened or opening, not ended
  std::set<Handle> unclosed_ CS_GUARDED_BY(mutex_);           // closing failed and is retried
  std::multimap<absl::Time, Answer> waiting_ CS_GUARDED_BY(mutex_);  // by deadline
  absl::Status refusal_ CS_GUARDED_BY(mutex_);
  absl::Status write_failure_ CS_GUARDED_BY(mutex_);

  // Last: their threads use everything above.
  std::unique_ptr<Lane> small_writes_;
  std::unique_ptr<Lane> large_writes_;
};

}  // namespace countersign::session_recorder::live
