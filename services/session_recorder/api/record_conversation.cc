#include "services/session_recorder/api/record_conversation.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "services/session_recorder/api/recorder_wire.h"
#include "services/session_recorder/recorder_errors.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;

// The client has a deadline of its own and cancels the stream when it passes.
constexpr absl::Time kNoDeadline = absl::InfiniteFuture();

bool IsKilled(const absl::Status& status) { return GetReason(status) == "killed"; }

}  // namespace

void RecordConversation::Start() {
  const MutexLock lock(mutex_);
  PumpLocked();
}

void RecordConversation::OnRequest(const v1::RecordRequest& request) {
  auto slot = std::make_shared<Slot>();
  bool first = false;
  {
    const MutexLock lock(mutex_);
    slots_.push_back(slot);
    first = !std::exchange(started_, true);
    ended_ = ended_ || request.has_end();
  }
  HandOver(request, first, std::move(slot));
  // Read only now, so that the next request cannot reach LiveSessions before this one.
  const MutexLock lock(mutex_);
  reading_ = false;
  PumpLocked();
}

void RecordConversation::HandOver(const v1::RecordRequest& request, bool first,
                                  std::shared_ptr<Slot> slot) {
  if (first != request.has_start()) {
    return Fill(slot, absl::InvalidArgumentError(
                          "only the first request has the member start, and it must have it"));
  }
  if (first) {
    auto session = NewSession(request.start());
    const MutexLock lock(mutex_);
    session_ = std::move(session);
  }
  auto answered = [self = shared_from_this(), slot](Answer answer) {
    self->Fill(slot, std::move(answer));
  };
  if (request.has_end()) {
    const auto end = FromProto(request.end());
    if (!end.ok()) return answered(end.status());
    sessions_.End(session_, EventsFromProto(request), *end, kNoDeadline, std::move(answered));
  } else if (first || request.events_size() > 0) {
    sessions_.Append(session_, EventsFromProto(request), kNoDeadline, std::move(answered));
  } else {
    const absl::Status renewed = sessions_.Renew(session_);
    answered(renewed.ok() ? Answer(std::uint32_t{0}) : Answer(renewed));
  }
}

live::LiveSessions::Handle RecordConversation::NewSession(const v1::SessionStart& start) {
  auto session =
      sessions_.NewSession(FromProto(start), *principal_, live::LiveSessions::Lease::kRenewed);
  sessions_.OnStop(session, [weak = weak_from_this()](absl::Status why) {
    const auto conversation = weak.lock();
    // A killed session's writer is told in the next answer, and may still end the session.
    if (conversation == nullptr || IsKilled(why)) return;
    const MutexLock lock(conversation->mutex_);
    conversation->FinishLocked(why);
  });
  return session;
}

void RecordConversation::Fill(const std::shared_ptr<Slot>& slot, Answer answer) {
  const MutexLock lock(mutex_);
  slot->killed = IsKilled(answer.status());
  slot->answer = slot->killed ? Answer(std::uint32_t{0}) : std::move(answer);
  PumpLocked();
}

void RecordConversation::OnHalfClose() {
  {
    const MutexLock lock(mutex_);
    reading_ = false;
    silent_ = true;
    PumpLocked();
  }
  AbandonIfOpen();
}

void RecordConversation::OnWritten() {
  const MutexLock lock(mutex_);
  writing_ = false;
  PumpLocked();
}

void RecordConversation::OnCancelled() {
  {
    const MutexLock lock(mutex_);
    FinishLocked(absl::CancelledError("the stream was cancelled"));
  }
  AbandonIfOpen();
}

// Abandons a session that was opened and not ended.
void RecordConversation::AbandonIfOpen() {
  live::LiveSessions::Handle session;
  {
    const MutexLock lock(mutex_);
    if (ended_ && !finished_) return;
    session = session_;
  }
  if (session != nullptr) sessions_.Abandon(session);
}

// Writes the answers that are ready, requests the next message when there is room, and finishes the
// stream when everything is answered.
void RecordConversation::PumpLocked() {
  if (finished_) return;
  if (!writing_ && !slots_.empty() && slots_.front()->answer.has_value()) {
    const std::shared_ptr<Slot> slot = slots_.front();
    slots_.pop_front();
    if (!slot->answer->ok()) return FinishLocked(slot->answer->status());
    last_index_ = std::max(last_index_, **slot->answer);
    outgoing_.set_epoch(kWriterEpoch);
    outgoing_.set_last_index(last_index_);
    outgoing_.set_killed(slot->killed);
    writing_ = true;
    sink_.Write();
  }
  if (!reading_ && !silent_ && slots_.size() < kOutstanding) {
    reading_ = true;
    sink_.Read();
  }
  if (silent_ && !writing_ && slots_.empty()) FinishLocked(absl::OkStatus());
}

void RecordConversation::FinishLocked(const absl::Status& status) {
  if (std::exchange(finished_, true)) return;
  sink_.Finish(status);
}

}  // namespace countersign::session_recorder::api
