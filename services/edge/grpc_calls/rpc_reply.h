#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/rpc_protocol.h"

namespace countersign::edge::grpc_calls {

// Sends the messages of an answer and its status in the caller's protocol. Used on the call's
// executor.
class RpcReply {
 public:
  RpcReply(const call::CallContext& context, const RpcProtocol& protocol)
      : context_(context), protocol_(protocol) {}

  // Messages above a kilobyte are compressed from now on. REQUIRES: nothing was sent yet.
  void CompressWithGzip() { gzip_ = true; }

  // Sends the head, unless it was sent. Errors mean that the caller can no longer be reached.
  async::Awaitable<absl::Status> Begin();
  async::Awaitable<absl::Status> Send(std::string message);

  // Sends messages that are in frames, uncompressed, with one write where the caller gets them so.
  // `frames` are whole, and must outlive the call.
  async::Awaitable<absl::Status> SendFrames(absl::string_view frames);

  // Sends the status, with its reason and details (status_details.h) as google.rpc.Status. Nothing
  // may follow.
  async::Awaitable<absl::Status> End(absl::Status status);

 private:
  async::Awaitable<absl::Status> Write(absl::string_view frames);

  const call::CallContext& context_;
  const RpcProtocol& protocol_;
  bool gzip_ = false;
  bool begun_ = false;
};

}  // namespace countersign::edge::grpc_calls
