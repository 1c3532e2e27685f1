#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/domain/call.h"
#include "libs/domain/session.h"

namespace countersign::domain {

// The only writer of one session, under a lease that it renews itself.
//
// The first Append or End opens the session: the `request` event, made from the session's start,
// and the events of that call are one commit. Before it nothing is recorded. Append may be called
// again before an earlier one was answered; calls keep their order. After an error only End is
// accepted. Destroying the writer of an open session without End leaves the session to be closed as
// truncated.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;

  // Calls `done` when the events are durable. ALREADY_EXISTS for a session id that was used before;
  // ABORTED with reason `killed` when an auditor stopped the session, or `lease_lost` when the
  // recorder has closed it.
  virtual void Append(std::vector<SessionEvent> events, absl::Time deadline, DoneStatus done) = 0;

  // Calls `done` when `events` and the end event are durable, in one commit. Nothing may follow.
  // ABORTED `recording_lost` when the end is durable but earlier events are not; an outcome
  // `completed` is then recorded as `aborted`.
  virtual void End(std::vector<SessionEvent> events, SessionEnd end, absl::Time deadline,
                   DoneStatus done) = 0;

  // Calls `on_stop` at most once, if the session is killed or its lease is lost outside of an
  // Append (while it is held, or between two pieces). May be set once.
  virtual void OnStop(DoneStatus on_stop) = 0;
};

// Records sessions (step 5 of the pipeline). Thread-safe.
class Recorder {
 public:
  virtual ~Recorder() = default;

  // A writer for the session described by `start`. Does no I/O and cannot fail.
  virtual std::unique_ptr<SessionWriter> NewSession(const Call& call, SessionStart start) = 0;
};

}  // namespace countersign::domain
