#pragma once

#include <cstddef>
#include <deque>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/condition.h"
#include "libs/async/group.h"
#include "services/edge/call/call_context.h"
#include "services/edge/ext_proc/codec.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/grpc_calls/rpc_reply.h"

namespace countersign::edge::ext_proc {

// The messages of one stream of the proxy, in both directions. Reads beside all else, so that the
// call ends when its caller leaves: the proxy then closes its side. Used on the call's executor.
class ProxyStream {
 public:
  // `rpc` is the stream's own context; all arguments must outlive this object.
  ProxyStream(const call::CallContext& rpc, const Codec& codec, grpc_calls::MessageSource& source,
              grpc_calls::RpcReply& reply);

  // That of the call: cancelled with CANCELLED when the caller has left, and by whatever cancels
  // the stream.
  async::Cancellation& cancellation() { return cancellation_; }
  async::Executor executor() const { return executor_; }

  // The next message. DEADLINE_EXCEEDED when none comes within `timeout`; otherwise the
  // cancellation's cause, or INVALID_ARGUMENT and RESOURCE_EXHAUSTED for what the proxy sent.
  async::Awaitable<absl::StatusOr<ProxyMessage>> Read(absl::Duration timeout);

  // An error means that the proxy can no longer be reached.
  async::Awaitable<absl::Status> Send(ProxyReply reply);

  // From now on the proxy has the request to send. A response that comes before is its own: it has
  // given up the call, which is cancelled.
  void SetForwarded() { forwarded_ = true; }
  bool proxy_gave_up() const { return gave_up_; }

 private:
  async::Awaitable<void> ReadAll();
  async::Awaitable<absl::StatusOr<ProxyMessage>> ReadOne();
  void End(absl::Status status);

  const Codec& codec_;
  grpc_calls::MessageSource& source_;
  grpc_calls::RpcReply& reply_;
  const async::Executor executor_;
  async::Cancellation cancellation_;
  const async::Cancellation::Watch stream_cancelled_;
  async::Condition arrived_;
  async::Condition taken_;
  std::deque<ProxyMessage> unread_;
  std::size_t unread_bytes_ = 0;
  absl::Status ended_;  // why nothing more comes
  bool forwarded_ = false;
  bool gave_up_ = false;
  async::Group reader_;  // last, because it uses the members above
};

}  // namespace countersign::edge::ext_proc
