#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/sleep.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/call_observer.h"

namespace countersign::edge::grpc_calls {

// A call that an RPC makes through the pipeline: whose it is, what its request is, when it ends.
// What becomes of the answer is its kind's to say. Used on the call's executor.
class PipelineCaller : public call::CallerConnection {
 public:
  // Reads the request's body; called at most once, when the caller is verified.
  using ReadRequest = std::function<async::Awaitable<absl::StatusOr<std::string>>()>;

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return rpc_.executor; }
  void SetVerified() override { rpc_.caller_connection.SetVerified(); }
  async::Cancellation& cancellation() override { return cancellation_; }
  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;

 protected:
  // `rpc` is the context of the RPC; `request_id` names this call of it. At `deadline` the call is
  // cancelled.
  PipelineCaller(const call::CallContext& rpc, call::RequestHead head, std::string request_id,
                 absl::Time deadline, ReadRequest read);

  // Runs the call. Returns why it was refused, cancelled or deferred, with reason, review and time
  // to try again; OK when it was answered.
  async::Awaitable<absl::Status> RunPipeline(call::CallObserver* observer);

  const call::CallContext& rpc() const { return rpc_; }
  const std::string& request_id() const { return request_id_; }

  call::ReplyHead reply_;  // set by Send and Begin

 private:
  absl::Status FindRefusal(const call::Reply& reply) const;

  const call::CallContext& rpc_;
  const call::RequestHead head_;
  const std::string request_id_;
  const absl::Time deadline_;
  const ReadRequest read_;
  async::Cancellation cancellation_;
  const async::Cancellation::Watch left_;
  const async::Deadline timer_;
};

}  // namespace countersign::edge::grpc_calls
