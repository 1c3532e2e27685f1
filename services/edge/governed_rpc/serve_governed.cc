#include "services/edge/governed_rpc/serve_governed.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/reflection/add_schema.h"
#include "services/edge/call/request/router.h"
#include "services/edge/call/request/verified_caller.h"
#include "services/edge/governed_rpc/each_message.h"
#include "services/edge/governed_rpc/rpc_caller.h"
#include "services/edge/governed_rpc/two_way_stream.h"
#include "services/edge/grpc_calls/message_source.h"

namespace countersign::edge::governed_rpc {
namespace {

using call::request::VerifiedCaller;
using dialects::RpcRequest;
using Bytes = absl::StatusOr<std::string>;

// Between two messages of a stream of calls.
constexpr absl::Duration kIdle = absl::Minutes(15);

// Of the method, as far as its connection has it. What is wrong with a call is said by the
// pipeline, which finds the same connection when the caller is verified.
struct Form {
  const dialects::Dialect* dialect = nullptr;
  std::optional<RpcRequest> request;
};

absl::StatusOr<call::request::Route> FindRoute(const call::CallContext& context) {
  const dialects::HeaderList& headers = context.request.headers;
  return call::request::FindRpcRoute(context.services.resources.Current(),
                                     call::headers::FindHeader(headers, "countersign-connection"),
                                     call::headers::FindHeader(headers, "host"),
                                     context.request.path);
}

// How the messages of a method form calls must be known before the first one is read, so the
// upstream's reflection is read first where that is needed: not before the caller is verified.
async::Awaitable<Form> FindForm(const call::CallContext& context) {
  Form form;
  absl::StatusOr<call::request::Route> route = FindRoute(context);
  if (!route.ok()) co_return form;
  form.dialect = dialects::FindDialect(route->connection->protocol);
  if (form.dialect == nullptr) co_return form;
  if (route->connection->protocol == domain::Protocol::kGrpc &&
      route->connection->schema == nullptr) {
    const call::Step<VerifiedCaller> caller = co_await VerifiedCaller::Verify(context);
    if (!caller.ok()) co_return form;
    call::RequestHead head = context.request;
    head.rpc = true;
    const call::CallContext rpc{
        context.services,   context.upstream, context.caller_connection, context.reply,       head,
        context.request_id, context.arrived,  context.executor,          context.cancellation};
    const call::Step<call::request::Route> read =
        co_await call::reflection::AddSchema(rpc, *caller, *route);
    if (!read.ok()) co_return form;
    route = *read;
  }
  form.request = form.dialect->FindRpc(*route->connection, route->path);
  co_return form;
}

async::Awaitable<Bytes> ReadOne(grpc_calls::MessageSource& source) {
  const Bytes message = co_await source.ReadOnly();
  if (!message.ok()) co_return message.status();
  co_return grpc_wire::EncodeFrame(0, *message);
}

async::Awaitable<Bytes> ReadAll(grpc_calls::MessageSource& source, std::size_t most_bytes) {
  std::string frames;
  while (true) {
    const absl::StatusOr<std::optional<std::string>> message = co_await source.Next();
    if (!message.ok()) co_return message.status();
    if (!message->has_value()) co_return frames;
    frames += grpc_wire::EncodeFrame(0, **message);
    if (frames.size() > most_bytes) {
      co_return absl::ResourceExhaustedError("the messages of the request are too large");
    }
  }
}

// There is nothing to read for a method that does not exist.
async::Awaitable<Bytes> ReadNothing() { co_return std::string(); }

}  // namespace

async::Awaitable<absl::Status> ServeGoverned(const call::CallContext& context,
                                             const grpc_calls::RpcServices& rpc,
                                             const grpc_calls::RpcProtocol& protocol,
                                             const grpc_calls::RpcHead& head,
                                             grpc_calls::RpcReply& reply) {
  if (protocol.framing == grpc_calls::Framing::kConnect) {
    co_return WithReason(absl::UnimplementedError("models are called over gRPC or gRPC-Web"),
                         "not_found");
  }
  const grpc_calls::RpcOptions& options = rpc.options;
  const Form found = co_await FindForm(context);
  const std::optional<RpcRequest> form = found.request;
  const bool each = form == RpcRequest::kEachMessage;
  const bool two_way = form == RpcRequest::kTwoWay;
  const grpc_calls::ReadLimits limits{
      options.max_message_bytes,
      std::min(each || two_way ? kIdle : options.piece_timeout, head.timeout),
      std::min(options.request_timeout, head.timeout)};
  grpc_calls::MessageSource source(context, protocol.framing, head.gzip, limits);
  const absl::Time deadline = context.arrived + head.timeout;
  if (each) co_return co_await ServeEachMessage(context, *found.dialect, source, reply, deadline);
  if (two_way) co_return co_await ServeTwoWay(context, source, reply, deadline);
  RpcCall call;
  call.request_id = context.request_id;
  call.deadline = deadline;
  call.send = [&reply](absl::string_view frames) { return reply.SendFrames(frames); };
  call.read = [&source, form, most = options.max_message_bytes] {
    if (!form) return ReadNothing();
    return *form == RpcRequest::kAllMessages ? ReadAll(source, most) : ReadOne(source);
  };
  RpcCaller caller(context, std::move(call));
  co_return co_await caller.Run();
}

}  // namespace countersign::edge::governed_rpc
