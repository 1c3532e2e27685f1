#include "services/edge/governed_rpc/rpc_caller.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/grpc_calls/call_status.h"

namespace countersign::edge::governed_rpc {
namespace {

using call::headers::FindHeader;

constexpr absl::string_view kConnection = "countersign-connection";

call::RequestHead MakeHead(const call::RequestHead& rpc) {
  call::RequestHead head = rpc;
  head.rpc = true;
  head.connection = std::string(FindHeader(rpc.headers, kConnection));
  return head;
}

}  // namespace

RpcCaller::RpcCaller(const call::CallContext& context, RpcCall call)
    : context_(context),
      call_(std::move(call)),
      head_(MakeHead(context.request)),
      left_(context.cancellation, [this] { cancellation_.Cancel(context_.cancellation.cause()); }),
      timer_(context.executor, call_.deadline - context.services.clock.Now(), cancellation_,
             absl::CancelledError("the caller's deadline is over")) {}

async::Awaitable<absl::Status> RpcCaller::Run() {
  if (context_.cancellation.cancelled()) co_return context_.cancellation.cause();
  call::Reply reply(*this, dialects::DefaultDialect(), call_.request_id);
  const call::CallContext call{context_.services,
                               context_.upstream,
                               *this,
                               reply,
                               head_,
                               call_.request_id,
                               context_.services.clock.Now(),
                               context_.executor,
                               cancellation_,
                               nullptr,
                               call_.deadline};
  co_await call::RunCall(call);
  co_return Conclude(reply);
}

absl::Status RpcCaller::Conclude(const call::Reply& reply) const {
  if (reply.error()) {
    absl::Status status = grpc_calls::MakeStatus(*reply.error());
    if (reply.error()->code != "not_found") return status;
    return WithReason(absl::UnimplementedError(status.message()), "not_found");
  }
  if (absl::IsCancelled(cancellation_.cause())) {
    if (context_.cancellation.cancelled()) return context_.cancellation.cause();
    return absl::DeadlineExceededError(cancellation_.cause().message());
  }
  if (reply_.status == 202) return grpc_calls::MakeDeferredStatus(reply.review_id());
  return finished_ ? ReadUpstreamStatus(trailers_) : absl::AbortedError("the answer broke off");
}

async::Awaitable<absl::StatusOr<std::string>> RpcCaller::ReadBody(std::size_t max_bytes) {
  absl::StatusOr<std::string> body = co_await call_.read();
  if (body.ok() && body->size() > max_bytes) {
    co_return absl::ResourceExhaustedError("the request is too large");
  }
  co_return body;
}

async::Awaitable<absl::StatusOr<std::string>> RpcCaller::ReadPiece(absl::Duration /*timeout*/) {
  co_return absl::UnimplementedError("the messages of a call are read as a whole");
}

void RpcCaller::NoteHead(call::ReplyHead head) {
  reply_ = std::move(head);
  if (const auto id = FindHeader(reply_.headers, "x-countersign-session"); !id.empty()) {
    context_.reply.SetSession(std::string(id));
  }
  if (const auto id = FindHeader(reply_.headers, "x-countersign-review"); !id.empty()) {
    context_.reply.SetReview(std::string(id));
  }
}

// Of replies that the gateway makes itself, the pipeline's Reply says all that is needed.
async::Awaitable<absl::Status> RpcCaller::Send(call::ReplyHead head, absl::string_view /*body*/) {
  NoteHead(std::move(head));
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> RpcCaller::Begin(call::ReplyHead head) {
  NoteHead(std::move(head));
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> RpcCaller::Write(absl::string_view piece) {
  grpc_wire::FrameReader frames(std::numeric_limits<std::size_t>::max());
  frames.Feed(piece);
  while (true) {
    absl::StatusOr<std::optional<grpc_wire::Frame>> frame = frames.Next();
    if (!frame.ok()) co_return frame.status();
    if (!frame->has_value()) co_return absl::OkStatus();
    const absl::Status sent = co_await call_.send(std::move((*frame)->payload));
    if (!sent.ok()) co_return sent;
  }
}

async::Awaitable<absl::Status> RpcCaller::Finish(dialects::HeaderList trailers) {
  trailers_ = std::move(trailers);
  finished_ = true;
  co_return absl::OkStatus();
}

absl::Status ReadUpstreamStatus(const dialects::HeaderList& trailers) {
  int code = 0;
  if (!absl::SimpleAtoi(FindHeader(trailers, "grpc-status"), &code) || code < 0 || code > 16) {
    code = static_cast<int>(absl::StatusCode::kUnknown);
  }
  if (code == 0) return absl::OkStatus();
  return WithReason(absl::Status(static_cast<absl::StatusCode>(code),
                                 grpc_wire::PercentDecode(FindHeader(trailers, "grpc-message"))),
                    "upstream_error");
}

}  // namespace countersign::edge::governed_rpc
