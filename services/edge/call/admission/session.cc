#include "services/edge/call/admission/session.h"

#include <utility>

namespace countersign::edge::call::admission {

Session::Session(const CallContext& context, const request::VerifiedCaller& caller,
                 domain::SessionStart start)
    : services_(context.services),
      id_(start.session_id),
      executor_(context.executor),
      writer_(services_.ports.recorder.NewSession(caller.call(), std::move(start))),
      cancellation_(std::make_shared<async::Cancellation*>(&context.cancellation)) {
  writer_->OnStop(
      [handle = async::ExecutorHandle(executor_), target = cancellation_](absl::Status cause) {
        handle.Run([target, cause = std::move(cause)] {
          if (*target != nullptr) (*target)->Cancel(cause);
        });
      });
}

Session::~Session() { *cancellation_ = nullptr; }

void Session::Queue(absl::string_view type, std::string payload) {
  queued_.push_back(domain::SessionEvent{type, std::move(payload)});
}

void Session::Write(async::PendingReply<absl::Status>& answer) {
  writer_->Append(std::exchange(queued_, {}), services_.PortDeadline(), answer.done());
}

async::Awaitable<absl::Status> Session::Append(domain::Recording recording) {
  const StageTimer timer(services_, unopened_ ? Stage::kOpen : Stage::kRecord);
  if (ahead_) {
    absl::Status before = co_await ahead_->Get();
    ahead_.reset();
    if (!before.ok()) co_return before;
  }
  const bool opens = std::exchange(unopened_, false);
  if (queued_.empty() && !opens) co_return absl::OkStatus();
  if (recording == domain::Recording::kOrdered) {
    Write(ahead_.emplace(executor_));
    co_return absl::OkStatus();
  }
  async::PendingReply<absl::Status> answer(executor_);
  Write(answer);
  co_return co_await answer.Get();
}

async::Awaitable<absl::Status> Session::End(domain::SessionEnd end) {
  const StageTimer timer(services_, unopened_ ? Stage::kOpen : Stage::kRecord);
  std::optional<async::PendingReply<absl::Status>> before = std::exchange(ahead_, std::nullopt);
  async::PendingReply<absl::Status> ended(executor_);
  end.masked = std::move(masked_);
  writer_->End(std::exchange(queued_, {}), std::move(end), services_.PortDeadline(), ended.done());
  absl::Status status = co_await ended.Get();
  if (before) {
    const absl::Status earlier = co_await before->Get();
    if (!earlier.ok()) status = earlier;
  }
  co_return status;
}

}  // namespace countersign::edge::call::admission
