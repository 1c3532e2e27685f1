#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/domain/call.h"
#include "libs/domain/session.h"

namespace countersign::domain {

// The one writer of one session, under a lease that it renews by itself for as long as it exists.
// Calls are ordered: Append may be called again before an earlier one was answered. Destroying a
// writer without End leaves the session to be closed as truncated.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;

  // Answers when the events are durable. ABORTED with reason `killed` when an auditor ordered the
  // session to stop, `lease_lost` when the recorder has closed it.
  virtual void Append(std::vector<SessionEvent> events, absl::Time deadline, DoneStatus done) = 0;

  // Answers when the end event is durable. Nothing may follow. ABORTED with reason `recording_lost`
  // when the end that is durable says aborted where `end` says completed: events that were answered
  // before they were durable have been lost.
  virtual void End(SessionEnd end, absl::Time deadline, DoneStatus done) = 0;

  // `on_stop` is called at most once, when the session was killed or its lease was lost outside of
  // an Append (while it is held, or between two pieces). May be set once.
  virtual void OnStop(DoneStatus on_stop) = 0;
};

// Step 5 of the pipeline. Thread-safe.
class Recorder {
 public:
  virtual ~Recorder() = default;

  // Answers when the intent (a `request` event made of `start`) is durable.
  virtual void Open(const Call& call, SessionStart start, absl::Time deadline,
                    Done<std::unique_ptr<SessionWriter>> done) = 0;
};

}  // namespace countersign::domain
