#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/sleep.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/call_observer.h"
#include "services/edge/inference/answer_events.h"
#include "services/edge/inference/event.h"

namespace countersign::edge::inference {

// The caller of one typed call, as the pipeline sees it: someone who posts a streamed chat
// completion. What the pipeline decides and answers becomes events. Used on the call's executor.
class TypedCaller final : public call::CallerConnection, public call::CallObserver {
 public:
  // Reads the request's body; called at most once, when the caller is verified.
  using ReadPrompt = std::function<async::Awaitable<absl::StatusOr<std::string>>()>;
  // Sends an event; an error means that the caller can no longer be reached.
  using SendEvent = std::function<async::Awaitable<absl::Status>(Event)>;

  // `context` is that of the RPC; `request_id` names this call of it. At `deadline` the call is
  // cancelled.
  TypedCaller(const call::CallContext& context, std::string request_id, absl::Time deadline,
              ReadPrompt read, SendEvent send);

  // Runs the call and returns how it ended, with reason, review and time to try again.
  async::Awaitable<absl::Status> RunCall();

  // The first choice's answer as it was delivered.
  const std::string& text() const { return answer_.text(); }

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return context_.executor; }
  void SetVerified() override { context_.caller_connection.SetVerified(); }
  async::Cancellation& cancellation() override { return cancellation_; }
  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;
  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body) override;
  async::Awaitable<absl::Status> Begin(call::ReplyHead head) override;
  async::Awaitable<absl::Status> Write(absl::string_view piece) override;
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override;

  async::Awaitable<void> OnDecided(const std::string& session_id,
                                   const domain::Decision& decision) override;
  async::Awaitable<void> OnHeld(const Hold& hold) override;
  async::Awaitable<void> OnApproved(const std::string& review_id,
                                    const std::vector<std::string>& approvers) override;
  void OnPiece(const dialects::Delivery& piece) override;

 private:
  async::Awaitable<absl::Status> SendQueued();
  absl::Status Conclude(const call::Reply& reply) const;

  const call::CallContext& context_;
  const std::string request_id_;
  const absl::Time deadline_;
  const ReadPrompt read_;
  const SendEvent send_;
  const call::RequestHead head_;
  async::Cancellation cancellation_;
  const async::Cancellation::Watch left_;
  const async::Deadline timer_;
  AnswerEvents answer_;
  std::vector<Event> queued_;
  call::ReplyHead reply_;
  bool streams_ = false;
  bool finished_ = false;
};

}  // namespace countersign::edge::inference
