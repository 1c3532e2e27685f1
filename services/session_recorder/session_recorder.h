#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/metrics/metrics.h"
#include "services/session_recorder/audit/session_reader.h"
#include "services/session_recorder/chain/checkpointer.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/live/live_sessions.h"
#include "services/session_recorder/live/local_recorder.h"
#include "services/session_recorder/periodic_task.h"

namespace countersign::session_recorder {

// The keys that seal and sign records.
struct RecorderKeys {
  chain::KeyRing& ring;  // wraps the data keys of sessions
  crypto::SigningKey signing;
};

struct RecorderOptions {
  live::LiveSessionsOptions sessions;
  chain::CheckpointOptions checkpoints;
};

// The objects and threads of the recorder's core; used by the service and by the standalone
// gateway. The constructor's arguments must outlive it.
class SessionRecorder {
 public:
  SessionRecorder(store::RecordStore& store, RecorderKeys keys, const Clock& clock,
                  RandomSource& random, metrics::Registry& registry, RecorderOptions options);
  ~SessionRecorder();

  // Starts the threads. `prepare` (migrations) is retried until it succeeds; then sessions left
  // running are closed and the recorder becomes ready.
  void Start(std::function<absl::Status()> prepare);

  // "" when ready; otherwise the reason why not. Never blocks.
  std::string NotReady() const;

  live::LiveSessions& sessions() { return sessions_; }
  audit::SessionReader& reader() { return reader_; }
  exports::Exporter& exporter() { return exporter_; }
  chain::Checkpointer& checkpointer() { return checkpointer_; }
  live::LocalRecorder& local() { return local_; }

 private:
  absl::Status Keep();

  const RecorderMetrics metrics_;
  live::LiveSessions sessions_;
  audit::SessionReader reader_;
  chain::Checkpointer checkpointer_;
  exports::Exporter exporter_;
  live::LocalRecorder local_;

  std::function<absl::Status()> prepare_;
  bool prepared_ = false;  // used by the maintenance thread only
  std::atomic<bool> ready_{false};
  std::vector<std::unique_ptr<PeriodicTask>> threads_;  // last, because they use the members above
};

}  // namespace countersign::session_recorder
