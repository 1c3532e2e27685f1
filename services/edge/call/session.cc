#include "services/edge/call/session.h"

#include <utility>

namespace countersign::edge {

Session::Opening::Opening(const EdgeServices& services, const VerifiedCaller& caller,
                          domain::SessionStart start, boost::asio::any_io_executor executor)
    : services_(services), session_id_(start.session_id), executor_(executor), answer_(executor) {
  services.ports.recorder.Open(caller.call(), std::move(start), services.PortDeadline(),
                               answer_.done());
}

async::Awaitable<absl::StatusOr<std::unique_ptr<Session>>> Session::Opening::Get(
    async::Cancellation& cancellation) {
  const StageTimer timer(services_, Stage::kOpen);
  absl::StatusOr<std::unique_ptr<domain::SessionWriter>> writer = co_await answer_.Get();
  if (!writer.ok()) co_return writer.status();
  co_return std::unique_ptr<Session>(
      new Session(services_, session_id_, executor_, *std::move(writer), cancellation));
}

Session::Session(const EdgeServices& services, std::string id,
                 boost::asio::any_io_executor executor,
                 std::unique_ptr<domain::SessionWriter> writer, async::Cancellation& cancellation)
    : services_(services),
      id_(std::move(id)),
      executor_(std::move(executor)),
      writer_(std::move(writer)),
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
  const StageTimer timer(services_, Stage::kRecord);
  if (ahead_) {
    absl::Status before = co_await ahead_->Get();
    ahead_.reset();
    if (!before.ok()) co_return before;
  }
  if (queued_.empty()) co_return absl::OkStatus();
  if (recording == domain::Recording::kOrdered) {
    Start(ahead_.emplace(executor_));
    co_return absl::OkStatus();
  }
  async::PendingReply<absl::Status> answer(executor_);
  Start(answer);
  co_return co_await answer.Get();
}

async::Awaitable<absl::Status> Session::End(domain::SessionEnd end) {
  const StageTimer timer(services_, Stage::kRecord);
  std::vector<async::PendingReply<absl::Status>> before;
  if (ahead_) before.push_back(*std::exchange(ahead_, std::nullopt));
  if (!queued_.empty()) Start(before.emplace_back(executor_));
  async::PendingReply<absl::Status> ended(executor_);
  end.masked = std::move(masked_);
  writer_->End(std::move(end), services_.PortDeadline(), ended.done());
  absl::Status status = co_await ended.Get();
  for (async::PendingReply<absl::Status>& answer : before) {
    const absl::Status earlier = co_await answer.Get();
    if (!earlier.ok()) status = earlier;
  }
  co_return status;
}

}  // namespace countersign::edge
