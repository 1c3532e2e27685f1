#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/metrics/metrics.h"
#include "services/session_recorder/checkpointer.h"
#include "services/session_recorder/exporter.h"
#include "services/session_recorder/local_recorder.h"
#include "services/session_recorder/repeater.h"
#include "services/session_recorder/session_book.h"
#include "services/session_recorder/session_reader.h"

namespace countersign::session_recorder {

struct RecorderOptions {
  BookOptions book;
  CheckpointOptions checkpoints;
};

// The object graph of the recorder's core and its threads, the same one in the service and in the
// standalone gateway. What it is given must outlive it.
class SessionRecorder {
 public:
  SessionRecorder(RecordStore& store, KeyRing& keys, crypto::SigningKey signing_key,
                  const Clock& clock, RandomSource& random, metrics::Registry& registry,
                  RecorderOptions options);
  ~SessionRecorder();

  // Starts the threads. `prepare` (migrations) is tried until it succeeds; then sessions that were
  // left running are closed, and the recorder is ready.
  void Start(std::function<absl::Status()> prepare);

  // "" when ready, else what is missing. Never blocks.
  std::string NotReady() const;

  SessionBook& book() { return book_; }
  SessionReader& reader() { return reader_; }
  Exporter& exporter() { return exporter_; }
  Checkpointer& checkpointer() { return checkpointer_; }
  LocalRecorder& local() { return local_; }

 private:
  absl::Status Keep();

  const RecorderMetrics metrics_;
  SessionBook book_;
  SessionReader reader_;
  Checkpointer checkpointer_;
  Exporter exporter_;
  LocalRecorder local_;

  std::function<absl::Status()> prepare_;
  bool prepared_ = false;  // the keeping thread's own
  std::atomic<bool> ready_{false};
  std::vector<std::unique_ptr<Repeater>> threads_;  // last: they use everything above
};

}  // namespace countersign::session_recorder
