#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/async/periodic_task.h"
#include "libs/base/mutex.h"
#include "libs/metrics/metrics.h"
#include "services/session_recorder/audit/session_reader.h"
#include "services/session_recorder/audit/text_indexer.h"
#include "services/session_recorder/chain/checkpointer.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/live/live_sessions.h"
#include "services/session_recorder/live/local_recorder.h"

namespace countersign::session_recorder {

// The keys that seal and sign records.
struct RecorderKeys {
  chain::KeyRing& ring;  // wraps the data keys of sessions
  crypto::SigningKey signing;
};

// Between two rounds of a recorder's threads; null: by the steady clock.
struct RecorderPauses {
  std::shared_ptr<async::Pause> sessions;  // which prepares, renews leases and closes what was left
  std::shared_ptr<async::Pause> deadlines;    // of events that wait for their commit
  std::shared_ptr<async::Pause> checkpoints;  // which are made when they are due
  std::shared_ptr<async::Pause> texts;        // which are indexed for searches
};

struct RecorderOptions {
  live::LiveSessionsOptions sessions;
  chain::CheckpointOptions checkpoints;
  RecorderPauses pauses;
};

// The objects and threads of the recorder's core; used by the service and by the standalone
// gateway. The constructor's arguments must outlive it.
class SessionRecorder {
 public:
  SessionRecorder(store::RecordStore& store, RecorderKeys keys, const Clock& clock,
                  RandomSource& random, metrics::Registry& registry, RecorderOptions options);
  ~SessionRecorder();

  // Starts the threads. `prepare` (migrations) is retried until it succeeds; then the stored record
  // is compared with what was signed and published last (Checkpointer::CheckStored), sessions left
  // running are closed, and the recorder becomes ready. Until then, and permanently when the record
  // was set back or changed, nothing is recorded.
  void Start(std::function<absl::Status()> prepare);

  // "" when ready, else what is missing: the database, or that nothing can be written to it (a full
  // disk), with the reason. Never blocks.
  std::string NotReady() const;

  live::LiveSessions& sessions() { return sessions_; }
  audit::SessionReader& reader() { return reader_; }
  exports::Exporter& exporter() { return exporter_; }
  chain::Checkpointer& checkpointer() { return checkpointer_; }
  live::LocalRecorder& local() { return local_; }

 private:
  absl::Status Keep();
  void Repeat(std::string name, absl::Duration interval, std::function<absl::Status()> work,
              std::shared_ptr<async::Pause> pause);
  absl::Status CheckStored();

  const RecorderMetrics metrics_;
  live::LiveSessions sessions_;
  audit::SessionReader reader_;
  audit::TextIndexer indexer_;
  chain::Checkpointer checkpointer_;
  exports::Exporter exporter_;
  live::LocalRecorder local_;

  const RecorderPauses pauses_;
  std::function<absl::Status()> prepare_;
  bool prepared_ = false;  // used by the maintenance thread only, like
  bool checked_ = false;   // this
  std::atomic<bool> set_back_{false};
  std::atomic<bool> ready_{false};
  mutable Mutex mutex_;
  std::string keeping_failure_ CS_GUARDED_BY(mutex_) = "no database";
  // Last, because they use the members above.
  std::vector<std::unique_ptr<async::PeriodicTask>> threads_;
};

}  // namespace countersign::session_recorder
