#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/sleep.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::governed_rpc {

// What one governed call needs of the RPC that it belongs to.
struct RpcCall {
  std::string request_id;
  absl::Time deadline;  // the call is cancelled then
  // Reads the messages of the call, each in a frame without compression; called at most once, when
  // the caller is verified.
  std::function<async::Awaitable<absl::StatusOr<std::string>>()> read;
  // Sends a message of the answer; an error means that the caller can no longer be reached.
  std::function<async::Awaitable<absl::Status>(std::string message)> send;
};

// The caller of one governed call over gRPC, as the pipeline sees it: its body are frames, and so
// is the answer. Used on the call's executor.
class RpcCaller final : public call::CallerConnection {
 public:
  // `context` is that of the RPC.
  RpcCaller(const call::CallContext& context, RpcCall call);

  // Runs the call and returns how it ended: with the upstream's status, or why it was refused, with
  // reason, review and time to try again.
  async::Awaitable<absl::Status> Run();

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

 private:
  void NoteHead(call::ReplyHead head);
  absl::Status Conclude(const call::Reply& reply) const;

  const call::CallContext& context_;
  const RpcCall call_;
  const call::RequestHead head_;
  async::Cancellation cancellation_;
  const async::Cancellation::Watch left_;
  const async::Deadline timer_;
  call::ReplyHead reply_;
  dialects::HeaderList trailers_;
  bool finished_ = false;
};

// The status in the trailers of an upstream's answer; its failures have the reason upstream_error.
absl::Status ReadUpstreamStatus(const dialects::HeaderList& trailers);

}  // namespace countersign::edge::governed_rpc
