#include "services/edge/ext_proc/serve_ext_proc.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/call/request/caller_watch.h"
#include "services/edge/call/request/router.h"
#include "services/edge/call/request/verified_caller.h"
#include "services/edge/ext_proc/proxied_caller.h"
#include "services/edge/ext_proc/proxy_upstream.h"
#include "services/edge/grpc_calls/message_source.h"

namespace countersign::edge::ext_proc {
namespace {

using call::headers::FindHeader;
using call::request::VerifiedCaller;

constexpr absl::string_view kPrefix = "/envoy.service.ext_proc.v3.ExternalProcessor/";
constexpr absl::string_view kConnection = "countersign-connection";
constexpr absl::string_view kHold = "countersign-hold";
// What a message has besides a body.
constexpr std::size_t kMostHeadBytes = 1u << 20;

// How long the proxy can wait for the decision about a request.
struct Patience {
  absl::Duration hold;  // that the proxy is asked for; zero: none
  absl::Time deadline;
};

absl::StatusOr<Patience> ReadPatience(const call::CallContext& context,
                                      const grpc_calls::RpcHead& head, BodyMode request_mode) {
  Patience patience{absl::ZeroDuration(), context.arrived + head.timeout};
  const absl::string_view text = FindHeader(context.request.headers, kHold);
  if (!text.empty() && (!absl::ParseDuration(text, &patience.hold) ||
                        patience.hold <= absl::ZeroDuration() || patience.hold > absl::Hours(1))) {
    return absl::InvalidArgumentError(absl::StrCat(kHold, " is a duration like 250s, up to 1h"));
  }
  // In full duplex the filter has no time limit of its own. In the other mode it does not say which
  // it has.
  if (!text.empty() || request_mode != BodyMode::kFullDuplex) {
    patience.deadline = std::min(patience.deadline, context.arrived + patience.hold);
  }
  return patience;
}

// What is wrong with the filter's configuration; "" if nothing.
std::string FindMistake(const std::optional<Modes>& modes) {
  const auto governed = [](BodyMode mode) {
    return mode == BodyMode::kBuffered || mode == BodyMode::kFullDuplex;
  };
  if (!modes) return "it does not tell its modes, as newer versions of Envoy do";
  if (!governed(modes->request)) {
    return "request_body_mode must be BUFFERED or FULL_DUPLEX_STREAMED";
  }
  if (!governed(modes->response)) {
    return "response_body_mode must be BUFFERED or FULL_DUPLEX_STREAMED";
  }
  return "";
}

// The connection of a call; "" without a route, for which the pipeline refuses the caller.
std::string FindConnection(const call::CallContext& context, const call::RequestHead& head) {
  const absl::StatusOr<call::request::Route> route = call::request::FindRoute(
      context.services.resources.Current(), FindHeader(head.headers, "host"), head.path);
  return route.ok() ? route->connection->name : "";
}

// The status of a proxy that may not ask: it is not one, or not for this connection.
absl::Status CheckProxy(const domain::Principal& proxy, absl::string_view connection) {
  if (domain::HasRole(proxy, domain::Role::kProxy, connection)) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat(
                        proxy.DisplayName(), " does not have the role proxy on ", connection)),
                    "permission_denied");
}

// One stream of Process.
class Processing {
 public:
  Processing(const call::CallContext& context, const VerifiedCaller& proxy, ProxyStream& stream,
             const ExchangeLimits& limits)
      : context_(context), proxy_(proxy), stream_(stream), limits_(limits) {}

  async::Awaitable<absl::Status> Run(const grpc_calls::RpcHead& rpc_head);

 private:
  async::Awaitable<absl::Status> Process(const ProxyMessage& first, const Modes& modes,
                                         const Patience& patience);
  async::Awaitable<absl::Status> RefuseMistake(absl::string_view mistake);

  const call::CallContext& context_;
  const VerifiedCaller& proxy_;
  ProxyStream& stream_;
  const ExchangeLimits limits_;
};

async::Awaitable<absl::Status> Processing::Run(const grpc_calls::RpcHead& rpc_head) {
  const absl::StatusOr<ProxyMessage> first = co_await stream_.Read(limits_.piece_timeout);
  if (!first.ok()) co_return first.status();
  if (first->observes) {
    co_return absl::FailedPreconditionError("observability_mode lets everything through");
  }
  if (first->direction != Direction::kRequest || first->part != Part::kHeaders) {
    co_return absl::InvalidArgumentError("request_header_mode must be SEND");
  }
  const std::string mistake = FindMistake(first->modes);
  if (!mistake.empty()) co_return co_await RefuseMistake(mistake);
  const absl::StatusOr<Patience> patience = ReadPatience(context_, rpc_head, first->modes->request);
  if (!patience.ok()) co_return patience.status();
  co_return co_await Process(*first, *first->modes, *patience);
}

// The caller is told, too: who configures the proxy sees it first there.
async::Awaitable<absl::Status> Processing::RefuseMistake(absl::string_view mistake) {
  const std::string message =
      absl::StrCat("the proxy's filter ext_proc cannot be governed: ", mistake);
  dialects::CallerError error = dialects::MakeCallerError("unavailable", message);
  error.final = true;
  error.retry_after = absl::ZeroDuration();
  ImmediateReply reply{error.http_status,
                       {{"content-type", "application/json"}, {"x-should-retry", "false"}},
                       dialects::DefaultDialect().FormatError(error)};
  const absl::Status sent = co_await stream_.Send(std::move(reply));
  if (!sent.ok()) co_return sent;
  co_return absl::FailedPreconditionError(message);
}

async::Awaitable<absl::Status> Processing::Process(const ProxyMessage& first, const Modes& modes,
                                                   const Patience& patience) {
  ProxiedExchange exchange(stream_, first, modes, limits_);
  ProxiedCaller caller(context_, stream_, exchange,
                       MakeRequestHead(first, FindHeader(context_.request.headers, kConnection),
                                       context_.request.client_address),
                       patience.hold);
  const std::string connection = FindConnection(context_, caller.head());
  const absl::Status allowed = CheckProxy(proxy_.principal(), connection);
  if (!allowed.ok()) co_return allowed;
  // A proxy that is no longer one is told nothing more, and for the call its caller has left.
  async::Cancellation lost;
  const async::Cancellation::Watch ended(lost, [this] {
    stream_.cancellation().Cancel(absl::CancelledError("the proxy was revoked"));
  });
  const call::CallContext watched{context_.services, context_.upstream, context_.caller_connection,
                                  context_.reply,    context_.request,  context_.request_id,
                                  context_.arrived,  context_.executor, lost};
  const call::request::CallerWatch watch(
      watched, proxy_,
      [connection](const domain::Principal& proxy) { return CheckProxy(proxy, connection); });
  ProxyUpstream upstream(context_, exchange, proxy_.principal(), caller.head().method);
  call::Reply reply(caller, dialects::DefaultDialect(), context_.request_id);
  const call::CallContext call{context_.services,
                               upstream,
                               caller,
                               reply,
                               caller.head(),
                               context_.request_id,
                               context_.arrived,
                               context_.executor,
                               stream_.cancellation(),
                               &caller,
                               patience.deadline};
  co_await call::RunCall(call);
  // The proxy's own answer is no model's: nothing was forwarded.
  if (exchange.complete() || stream_.proxy_gave_up()) co_return absl::OkStatus();
  if (lost.cancelled()) co_return lost.cause();
  if (stream_.cancellation().cancelled()) co_return stream_.cancellation().cause();
  co_return absl::AbortedError("the answer broke off");
}

}  // namespace

bool IsExtProc(absl::string_view path) { return absl::StartsWith(path, kPrefix); }

async::Awaitable<absl::Status> ServeExtProc(const call::CallContext& context,
                                            const grpc_calls::RpcServices& rpc,
                                            const grpc_calls::RpcProtocol& protocol,
                                            const grpc_calls::RpcHead& head,
                                            grpc_calls::RpcReply& reply) {
  const Codec* const codec = rpc.backend == nullptr ? nullptr : rpc.backend->ext_proc();
  const absl::string_view method = absl::string_view(context.request.path).substr(kPrefix.size());
  if (codec == nullptr || method != "Process") {
    co_return WithReason(
        absl::UnimplementedError(absl::StrCat("there is no method ", context.request.path)),
        "not_found");
  }
  if (protocol.framing != grpc_calls::Framing::kGrpc) {
    co_return absl::UnimplementedError("ext_proc is served over gRPC");
  }
  const call::Step<VerifiedCaller> proxy = co_await VerifiedCaller::Verify(context);
  if (!proxy.ok()) {
    if (context.cancellation.cancelled()) co_return context.cancellation.cause();
    call::request::ReportUnverified(context, proxy.refusal());
    co_return admin::ToStatus(proxy.refusal().error);
  }
  const ExchangeLimits limits{rpc.options.max_message_bytes, rpc.options.piece_timeout,
                              rpc.options.request_timeout};
  grpc_calls::MessageSource source(context, protocol.framing, head.gzip,
                                   {rpc.options.max_message_bytes + kMostHeadBytes,
                                    absl::InfiniteDuration(), absl::InfiniteDuration()});
  ProxyStream stream(context, *codec, source, reply);
  const async::Deadline deadline(context.executor, head.timeout, stream.cancellation(),
                                 absl::CancelledError("the stream's deadline is over"));
  co_return co_await Processing(context, *proxy, stream, limits).Run(head);
}

}  // namespace countersign::edge::ext_proc
