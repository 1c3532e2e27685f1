#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/call_observer.h"
#include "services/edge/grpc_calls/pipeline_caller.h"
#include "services/edge/inference/answer_events.h"
#include "services/edge/inference/event.h"
#include "services/edge/inference/typed_request.h"

namespace countersign::edge::inference {

// The API of the connection that an RPC is for.
Api FindApi(const call::CallContext& context);

// The caller of one typed call, as the pipeline sees it: someone who posts a streamed chat
// completion, or a streamed message of Anthropic's API. What the pipeline decides and answers
// becomes events. Used on the call's executor.
class TypedCaller final : public grpc_calls::PipelineCaller, public call::CallObserver {
 public:
  // Sends an event; an error means that the caller can no longer be reached.
  using SendEvent = std::function<async::Awaitable<absl::Status>(Event)>;

  // `context` is that of the RPC; `request_id` names this call of it. At `deadline` the call is
  // cancelled. `read` gives a body for `api`.
  TypedCaller(const call::CallContext& context, std::string request_id, absl::Time deadline,
              Api api, ReadRequest read, SendEvent send);

  // Runs the call and returns how it ended, with reason, review and time to try again.
  async::Awaitable<absl::Status> RunCall();

  // The first choice's answer as it was delivered.
  const std::string& text() const { return answer_.text(); }

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

  const SendEvent send_;
  AnswerEvents answer_;
  std::vector<Event> queued_;
  bool streams_ = false;
  bool finished_ = false;
};

}  // namespace countersign::edge::inference
