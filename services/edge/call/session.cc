#include "services/edge/call/session.h"

#include <utility>

namespace countersign::edge {

Session::Session(const EdgeServices& services, const VerifiedCaller& caller,
                 domain::SessionStart start, async::Executor executor,
                 async::Cancellation& cancellation)
    : services_(services),
      id_(start.session_id),
      executor_(std::move(executor)),
      writer_(services.ports.recorder.NewSession(caller.call(), std::move(start))),
      cancellation_(std::make_shared<async::Cancellation*>(&cancellation)) {
  writer_->OnStop(
      [way = async::ExecutorHandle(executor_), stopped = cancellation_](absl::Status why) {
        way.Run([stopped, why = std::move(why)] {
          if (*stopped != nullptr) (*stopped)->Cancel(why);
        });
      });
}

Session::~Session() { *cancellation_ = nullptr; }

void Session::Queue(absl::string_view type, std::string payload) {
  queued_.push_back(domain::SessionEvent{type, std::move(payload)});
}

void Session::Start(async::PendingReply<absl::Status>& answer) {
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
    Start(ahead_.emplace(executor_));
    co_return absl::OkStatus();
  }
  async::PendingReply<absl::Status> answer(executor_);
  Start(answer);
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

}  // namespace countersign::edge
