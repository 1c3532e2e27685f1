#include "services/session_recorder/session_recorder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/log/log.h"

namespace countersign::session_recorder {
namespace {

// A third of the lease, so that two renewals may be missed.
constexpr absl::Duration kKeepEvery = absl::Seconds(5);
// The most by which an answer may miss its deadline.
constexpr absl::Duration kTickEvery = absl::Milliseconds(100);
constexpr absl::Duration kCheckpointTick = absl::Seconds(1);
constexpr absl::Duration kIndexEvery = absl::Seconds(1);

}  // namespace

SessionRecorder::SessionRecorder(store::RecordStore& store, RecorderKeys keys, const Clock& clock,
                                 RandomSource& random, metrics::Registry& registry,
                                 RecorderOptions options)
    : metrics_(DeclareMetrics(registry)),
      sessions_(store, keys.ring, clock, random, metrics_, std::move(options.sessions)),
      reader_(store, keys.ring, crypto::PageTokens(keys.signing.seed(), random)),
      indexer_(store, keys.ring),
      checkpointer_(store, clock, std::move(keys.signing), metrics_,
                    std::move(options.checkpoints)),
      exporter_(store, keys.ring, checkpointer_, clock, random),
      local_(sessions_),
      pauses_(std::move(options.pauses)) {
  sessions_.Refuse(absl::UnavailableError("the stored record was not checked yet"));
}

SessionRecorder::~SessionRecorder() { threads_.clear(); }

absl::Status SessionRecorder::Keep() {
  if (!prepared_) CS_RETURN_IF_ERROR(prepare_());
  prepared_ = true;
  CS_RETURN_IF_ERROR(CheckStored());
  return sessions_.Maintain();
}

void SessionRecorder::Repeat(std::string name, absl::Duration interval,
                             std::function<absl::Status()> work,
                             std::shared_ptr<async::Pause> pause) {
  async::PeriodicTask::Work repeated;
  repeated.run = std::move(work);
  repeated.on_change = [name = std::move(name)](const absl::Status& status) {
    if (status.ok()) {
      log::Info("recorder works again", {{"name", name}});
    } else {
      log::Warning("recorder fails", {{"name", name}, {"error", status}});
    }
  };
  threads_.push_back(std::make_unique<async::PeriodicTask>(
      interval, std::move(repeated), async::PeriodicTask::First::kAtOnce, std::move(pause)));
}

absl::Status SessionRecorder::CheckStored() {
  if (checked_) return absl::OkStatus();
  absl::Status stored = checkpointer_.CheckStored();
  // Another process was making a checkpoint meanwhile.
  for (int i = 0; i < 2 && absl::IsAborted(stored); ++i) stored = checkpointer_.CheckStored();
  const bool set_back = absl::IsDataLoss(stored) || absl::IsFailedPrecondition(stored);
  if (set_back) {
    log::Error("nothing is recorded: the stored record is not the one that was signed last",
               {{"error", stored}});
    sessions_.Refuse(absl::UnavailableError("the stored record was set back or changed"));
  }
  set_back_ = set_back;  // who sees it gets the reason from the sessions, too
  if (!stored.ok()) return stored;
  checked_ = true;
  sessions_.Accept();
  return absl::OkStatus();
}

void SessionRecorder::Start(std::function<absl::Status()> prepare) {
  prepare_ = std::move(prepare);
  log::Info("exports are verified with",
            {{"key_id", Base64UrlEncode(checkpointer_.key().public_key())}});
  const auto keep = [this] {
    const absl::Status status = Keep();
    {
      const MutexLock lock(mutex_);
      keeping_failure_ = status.ok() ? "" : absl::StrCat("no database: ", status.message());
    }
    ready_ = status.ok();
    return status;
  };
  const auto answer_late = [this] {
    sessions_.Tick();
    return absl::OkStatus();
  };
  const auto make_checkpoint = [this] { return ready_ ? checkpointer_.Tick() : absl::OkStatus(); };
  const auto index_texts = [this] {
    SetThreadPriority(ThreadPriority::kLow);  // of this task's own thread
    return ready_ ? indexer_.Tick() : absl::OkStatus();
  };
  Repeat("texts", kIndexEvery, index_texts, pauses_.texts);
  Repeat("sessions", kKeepEvery, keep, pauses_.sessions);
  Repeat("deadlines", kTickEvery, answer_late, pauses_.deadlines);
  Repeat("checkpoints", kCheckpointTick, make_checkpoint, pauses_.checkpoints);
}

std::string SessionRecorder::NotReady() const {
  if (set_back_) return "the record was set back or changed: see the log";
  {
    const MutexLock lock(mutex_);
    if (!keeping_failure_.empty()) return keeping_failure_;
  }
  const absl::Status failure = sessions_.WriteFailure();
  return failure.ok() ? "" : absl::StrCat("nothing can be recorded: ", failure.message());
}

}  // namespace countersign::session_recorder
