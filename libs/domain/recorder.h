#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/domain/call.h"
#include "libs/domain/session.h"

namespace countersign::domain {

// The one writer of one session, under a lease that it renews by itself for as long as it exists.
//
// The first Append or End opens the session: the `request` event, made of the session's start, and
// what that call brings are one commit. Until then nothing is on record. Calls are ordered: Append
// may be called again before an earlier one was answered. After an error only End is accepted.
// Destroying a writer of an open session without End leaves it to be closed as truncated.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;

  // Answers when the events are durable. ALREADY_EXISTS for a session id that was used before;
  // ABORTED with reason `killed` when an auditor ordered the session to stop, `lease_lost` when the
  // recorder has closed it.
  virtual void Append(std::vector<SessionEvent> events, absl::Time deadline, DoneStatus done) = 0;

  // Answers when `events` and the end event are durable, in one commit. Nothing may follow. ABORTED
  // with reason `recording_lost` when the end is durable but what came before it is not: an end
  // that should say completed then says aborted.
  virtual void End(std::vector<SessionEvent> events, SessionEnd end, absl::Time deadline,
                   DoneStatus done) = 0;

  // `on_stop` is called at most once, when the session was killed or its lease was lost outside of
  // an Append (while it is held, or between two pieces). May be set once.
  virtual void OnStop(DoneStatus on_stop) = 0;
};

// Step 5 of the pipeline. Thread-safe.
class Recorder {
 public:
  virtual ~Recorder() = default;

  // A writer for the session that `start` describes. Does no I/O and cannot fail.
  virtual std::unique_ptr<SessionWriter> NewSession(const Call& call, SessionStart start) = 0;
};

}  // namespace countersign::domain
