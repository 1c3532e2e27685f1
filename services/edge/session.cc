#include "services/edge/session.h"

#include <utility>

namespace countersign::edge {

Session::Opening::Opening(const EdgeServices& services, const VerifiedCaller& caller,
                          domain::SessionStart start, boost::asio::any_io_executor executor)
    : services_(services), session_id_(start.session_id), executor_(executor), answer_(executor) {
  services.ports.recorder.Open(caller.call(), std::move(start), services.PortDeadline(),
                               answer_.done());
}

Awaitable<absl::StatusOr<std::unique_ptr<Session>>> Session::Opening::Get(http::Stop& stop) {
  const StageTimer timer(services_, Stage::kOpen);
  absl::StatusOr<std::unique_ptr<domain::SessionWriter>> writer = co_await answer_.Get();
  if (!writer.ok()) co_return writer.status();
  co_return std::unique_ptr<Session>(
      new Session(services_, session_id_, executor_, *std::move(writer), stop));
}

Session::Session(const EdgeServices& services, std::string id,
                 boost::asio::any_io_executor executor,
                 std::unique_ptr<domain::SessionWriter> writer, http::Stop& stop)
    : services_(services),
      id_(std::move(id)),
      executor_(std::move(executor)),
      writer_(std::move(writer)),
      stop_(std::make_shared<http::Stop*>(&stop)) {
  writer_->OnStop([way = ReturnPath(executor_), stopped = stop_](absl::Status why) {
    way.Run([stopped, why = std::move(why)] {
      if (*stopped != nullptr) (*stopped)->Request(why);
    });
  });
}

Session::~Session() { *stop_ = nullptr; }

void Session::Queue(absl::string_view type, std::string payload) {
  queued_.push_back(domain::SessionEvent{type, std::move(payload)});
}

void Session::Start(PortAnswer<absl::Status>& answer) {
  writer_->Append(std::exchange(queued_, {}), services_.PortDeadline(), answer.done());
}

Awaitable<absl::Status> Session::Append(domain::Recording recording) {
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
  PortAnswer<absl::Status> answer(executor_);
  Start(answer);
  co_return co_await answer.Get();
}

Awaitable<absl::Status> Session::End(domain::SessionEnd end) {
  const StageTimer timer(services_, Stage::kRecord);
  std::vector<PortAnswer<absl::Status>> before;
  if (ahead_) before.push_back(*std::exchange(ahead_, std::nullopt));
  if (!queued_.empty()) Start(before.emplace_back(executor_));
  PortAnswer<absl::Status> ended(executor_);
  end.masked = std::move(masked_);
  writer_->End(std::move(end), services_.PortDeadline(), ended.done());
  absl::Status status = co_await ended.Get();
  for (PortAnswer<absl::Status>& answer : before) {
    const absl::Status earlier = co_await answer.Get();
    if (!earlier.ok()) status = earlier;
  }
  co_return status;
}

}  // namespace countersign::edge
