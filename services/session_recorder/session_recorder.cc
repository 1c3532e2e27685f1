#include "services/session_recorder/session_recorder.h"

#include <utility>

#include "libs/base/status.h"

namespace countersign::session_recorder {
namespace {

// A third of the lease, so that two renewals may be missed.
constexpr absl::Duration kKeepEvery = absl::Seconds(5);
// The most by which an answer may miss its deadline.
constexpr absl::Duration kTickEvery = absl::Milliseconds(100);
constexpr absl::Duration kCheckpointTick = absl::Seconds(1);

}  // namespace

SessionRecorder::SessionRecorder(store::RecordStore& store, RecorderKeys keys, const Clock& clock,
                                 RandomSource& random, metrics::Registry& registry,
                                 RecorderOptions options)
    : metrics_(DeclareMetrics(registry)),
      sessions_(store, keys.ring, clock, random, metrics_, std::move(options.sessions)),
      reader_(store, keys.ring),
      checkpointer_(store, clock, std::move(keys.signing), metrics_,
                    std::move(options.checkpoints)),
      exporter_(store, keys.ring, checkpointer_, clock, random),
      local_(sessions_) {}

SessionRecorder::~SessionRecorder() { threads_.clear(); }

absl::Status SessionRecorder::Keep() {
  if (!prepared_) CS_RETURN_IF_ERROR(prepare_());
  prepared_ = true;
  return sessions_.Maintain();
}

void SessionRecorder::Start(std::function<absl::Status()> prepare) {
  prepare_ = std::move(prepare);
  threads_.push_back(std::make_unique<PeriodicTask>("sessions", kKeepEvery, [this] {
    const absl::Status status = Keep();
    ready_ = status.ok();
    return status;
  }));
  threads_.push_back(std::make_unique<PeriodicTask>("deadlines", kTickEvery, [this] {
    sessions_.Tick();
    return absl::OkStatus();
  }));
  threads_.push_back(std::make_unique<PeriodicTask>("checkpoints", kCheckpointTick, [this] {
    return ready_ ? checkpointer_.Tick() : absl::OkStatus();
  }));
}

std::string SessionRecorder::NotReady() const { return ready_ ? "" : "no database"; }

}  // namespace countersign::session_recorder
