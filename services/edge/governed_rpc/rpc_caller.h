#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/pipeline_caller.h"

namespace countersign::edge::governed_rpc {

// Sends messages of the answer, in whole frames without compression; an error means that the caller
// can no longer be reached.
using SendFrames = std::function<async::Awaitable<absl::Status>(absl::string_view frames)>;

// What one governed call needs of the RPC that it belongs to.
struct RpcCall {
  std::string request_id;
  absl::Time deadline;  // the call is cancelled then
  // Reads the messages of the call, each in a frame without compression; called at most once, when
  // the caller is verified.
  grpc_calls::PipelineCaller::ReadRequest read;
  SendFrames send;
  bool names_session = true;  // the RPC's reply has the session of this call
};

// The caller of one governed call over gRPC, as the pipeline sees it: its body are frames, and so
// is the answer. Used on the call's executor.
class RpcCaller final : public grpc_calls::PipelineCaller {
 public:
  // `context` is that of the RPC.
  RpcCaller(const call::CallContext& context, RpcCall call);

  // Runs the call and returns how it ended: with the upstream's status, or why it was refused, with
  // reason, review and time to try again.
  async::Awaitable<absl::Status> Run();

  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body) override;
  async::Awaitable<absl::Status> Begin(call::ReplyHead head) override;
  async::Awaitable<absl::Status> Write(absl::string_view piece) override;
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override;

 private:
  void NoteHead(call::ReplyHead head);

  const SendFrames send_;
  const bool names_session_;
  dialects::HeaderList trailers_;
  bool finished_ = false;
};

// The status in the trailers of an upstream's answer; its failures have the reason upstream_error.
absl::Status ReadUpstreamStatus(const dialects::HeaderList& trailers);

}  // namespace countersign::edge::governed_rpc
