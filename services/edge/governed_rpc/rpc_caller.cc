#include "services/edge/governed_rpc/rpc_caller.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/fields.h"
#include "services/edge/call/headers/header_rules.h"

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
    : PipelineCaller(context, MakeHead(context.request), std::move(call.request_id), call.deadline,
                     std::move(call.read)),
      send_(std::move(call.send)),
      names_session_(call.names_session) {}

async::Awaitable<absl::Status> RpcCaller::Run() {
  const absl::Status refused = co_await RunPipeline(nullptr);
  if (GetReason(refused) == "not_found") {
    co_return WithReason(absl::UnimplementedError(refused.message()), "not_found");
  }
  if (!refused.ok()) co_return refused;
  co_return finished_ ? ReadUpstreamStatus(trailers_) : absl::AbortedError("the answer broke off");
}

void RpcCaller::NoteHead(call::ReplyHead head) {
  reply_ = std::move(head);
  const auto id = FindHeader(reply_.headers, "x-countersign-session");
  if (!id.empty() && names_session_) {
    rpc().reply.SetSession(std::string(id));
  }
  if (const auto id = FindHeader(reply_.headers, "x-countersign-review"); !id.empty()) {
    rpc().reply.SetReview(std::string(id));
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

// What a dialect delivers of an answer over gRPC are whole frames. Keep-alives are empty.
async::Awaitable<absl::Status> RpcCaller::Write(absl::string_view piece) {
  if (piece.empty()) co_return absl::OkStatus();
  co_return co_await send_(piece);
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
