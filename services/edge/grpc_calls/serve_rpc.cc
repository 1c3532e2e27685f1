#include "services/edge/grpc_calls/serve_rpc.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/pending_reply.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/admin/forward_admin.h"
#include "services/edge/call/large_work.h"
#include "services/edge/call/request/caller_watch.h"
#include "services/edge/call/request/verified_caller.h"
#include "services/edge/ext_proc/serve_ext_proc.h"
#include "services/edge/governed_rpc/serve_governed.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/grpc_calls/open_services.h"
#include "services/edge/grpc_calls/rpc_reply.h"
#include "services/edge/inference/serve_inference.h"

namespace countersign::edge::grpc_calls {
namespace {

using call::request::VerifiedCaller;

// Requests of streams and of the edge's own services are small.
constexpr std::size_t kSmallMessage = 64u << 10;

bool IsOurs(absl::string_view path) { return absl::StartsWith(path, "/countersign."); }

ReadLimits MakeLimits(const RpcOptions& options, std::size_t most_bytes, absl::Duration timeout) {
  return {std::min(options.max_message_bytes, most_bytes), std::min(options.piece_timeout, timeout),
          std::min(options.request_timeout, timeout)};
}

absl::Status DeadlineError() { return absl::DeadlineExceededError("the call's deadline is over"); }

absl::StatusOr<RpcMethod> FindMethod(const call::CallContext& context, const RpcServices& rpc,
                                     const RpcProtocol& protocol,
                                     const domain::Principal& principal) {
  if (rpc.backend == nullptr) {
    return WithReason(absl::UnimplementedError("there are no services"), "not_found");
  }
  CS_ASSIGN_OR_RETURN(const RpcMethod method, rpc.backend->Find(context.request.path, principal));
  if (protocol.framing == Framing::kConnect && !method.streams) {
    return absl::UnimplementedError(absl::StrCat(
        context.request.path, " is not a stream: its content-type is application/json"));
  }
  return method;
}

// Starts a call, off the network thread if reading its message would delay others. Waits for that
// even when the call is cancelled, because the backend may be destroyed after the last call.
async::Awaitable<absl::StatusOr<std::unique_ptr<RpcAnswer>>> Start(const call::CallContext& context,
                                                                   RpcBackend& backend,
                                                                   RpcRequest request) {
  if (request.message.size() <= call::kMostInlineBytes) {
    co_return backend.Start(std::move(request));
  }
  async::PendingReply<absl::StatusOr<std::unique_ptr<RpcAnswer>>> started(context.executor);
  const bool accepted = context.services.body_pool.TrySubmit(
      [&backend, request = std::move(request), done = started.done()]() mutable {
        done(backend.Start(std::move(request)));
      });
  if (!accepted) {
    co_return WithReason(absl::ResourceExhaustedError("too many large messages wait"),
                         "overloaded");
  }
  co_return co_await started.Get();
}

// Passes on one message after the other.
async::Awaitable<absl::Status> Deliver(const call::CallContext& context, RpcAnswer& answer,
                                       RpcReply& reply) {
  while (true) {
    async::PendingReply<absl::StatusOr<RpcAnswer::Message>> next(context.executor);
    answer.Next(next.done());
    absl::StatusOr<RpcAnswer::Message> message = co_await next.Get(context.cancellation);
    if (!message.ok()) co_return message.status();
    if (!message->has_value()) co_return absl::OkStatus();
    const absl::Status sent = co_await reply.Send(**std::move(message));
    if (!sent.ok()) co_return sent;
  }
}

// The same for a stream: its caller must stay authorized, and it ends when the process stops.
async::Awaitable<absl::Status> DeliverStream(const call::CallContext& context,
                                             const VerifiedCaller& caller, RpcBackend& backend,
                                             RpcAnswer& answer, RpcReply& reply) {
  const call::request::CallerWatch watch(
      context, caller, [&backend, path = context.request.path](const domain::Principal& principal) {
        return backend.Find(path, principal).status();
      });
  const async::StopSignal::Watch stop(context.services.stopping, context.executor, [&context] {
    context.cancellation.Cancel(
        WithReason(absl::UnavailableError("the gateway is stopping; call again"), "unavailable"));
  });
  const absl::Status begun = co_await reply.Begin();
  if (!begun.ok()) co_return begun;
  co_return co_await Deliver(context, answer, reply);
}

async::Awaitable<absl::Status> Forward(const call::CallContext& context, const RpcServices& rpc,
                                       const RpcProtocol& protocol, const RpcHead& head,
                                       RpcReply& reply) {
  const call::Step<VerifiedCaller> caller = co_await VerifiedCaller::Verify(context);
  if (!caller.ok()) {
    if (context.cancellation.cancelled()) co_return context.cancellation.cause();
    call::request::ReportUnverified(context, caller.refusal());
    co_return admin::ToStatus(caller.refusal().error);
  }
  const absl::StatusOr<RpcMethod> method = FindMethod(context, rpc, protocol, caller->principal());
  if (!method.ok()) co_return method.status();
  const absl::Duration timeout =
      method->streams ? head.timeout : std::min(head.timeout, rpc.options.unary_timeout);
  const std::size_t most_bytes =
      method->streams ? kSmallMessage : admin::MaxBodyBytes(caller->principal());
  MessageSource source(context, protocol.framing, head.gzip,
                       MakeLimits(rpc.options, most_bytes, timeout));
  absl::StatusOr<std::string> message = co_await source.ReadOnly();
  if (!message.ok()) co_return message.status();

  const absl::Time until = context.arrived + timeout;
  const async::Deadline deadline(context.executor, until - context.services.clock.Now(),
                                 context.cancellation, DeadlineError());
  // Named first, because g++ 12 destroys a temporary that is passed within a co_await twice.
  RpcRequest request{caller->call(), context.request.path, protocol.form(), *std::move(message),
                     until};
  const absl::StatusOr<std::unique_ptr<RpcAnswer>> answer =
      co_await Start(context, *rpc.backend, std::move(request));
  if (!answer.ok()) co_return answer.status();
  if (!method->streams) co_return co_await Deliver(context, **answer, reply);
  co_return co_await DeliverStream(context, *caller, *rpc.backend, **answer, reply);
}

async::Awaitable<absl::Status> Answer(const call::CallContext& context, const RpcServices& rpc,
                                      const RpcProtocol& protocol, RpcReply& reply) {
  const absl::StatusOr<RpcHead> head = ReadRpcHead(protocol, context.request);
  if (!head.ok()) co_return head.status();
  if (head->accepts_gzip) reply.CompressWithGzip();
  if (inference::IsInference(context.request.path)) {
    co_return co_await inference::ServeInference(context, rpc, protocol, *head, reply);
  }
  if (ext_proc::IsExtProc(context.request.path)) {
    co_return co_await ext_proc::ServeExtProc(context, rpc, protocol, *head, reply);
  }
  if (IsOurs(context.request.path)) {
    co_return co_await Forward(context, rpc, protocol, *head, reply);
  }
  if (!IsOpenService(context.request.path)) {
    co_return co_await governed_rpc::ServeGoverned(context, rpc, protocol, *head, reply);
  }
  if (protocol.framing == Framing::kConnect) {
    co_return absl::UnimplementedError("health and reflection are served over gRPC");
  }
  const async::Deadline deadline(context.executor, head->timeout, context.cancellation,
                                 DeadlineError());
  MessageSource source(context, protocol.framing, head->gzip,
                       MakeLimits(rpc.options, kSmallMessage, head->timeout));
  co_return co_await ServeOpenService(context, rpc, source, reply);
}

}  // namespace

async::Awaitable<void> ServeRpc(const call::CallContext& context, const RpcServices& rpc,
                                const RpcProtocol& protocol) {
  if (const std::optional<HttpRefusal> refusal = CheckHttp(protocol, context.request)) {
    dialects::HeaderList headers;
    headers.emplace_back("content-type", "text/plain; charset=utf-8");
    if (refusal->status == 405) headers.emplace_back("allow", "POST");
    co_await context.reply.Send(refusal->status, std::move(headers), refusal->message);
    co_return;
  }
  RpcReply reply(context, protocol);
  absl::Status status = co_await Answer(context, rpc, protocol, reply);
  const absl::Status& cause = context.cancellation.cause();
  if (absl::IsCancelled(cause)) co_return;  // the caller has left
  // Calls to models say themselves whether the same call may be sent again.
  const absl::string_view path = context.request.path;
  if (absl::IsAborted(cause) &&
      (IsOpenService(path) || (IsOurs(path) && !inference::IsInference(path)))) {
    status =
        WithReason(absl::UnavailableError("the gateway is stopping; call again"), "unavailable");
  }
  co_await reply.End(std::move(status));
}

}  // namespace countersign::edge::grpc_calls
