#include "services/edge/grpc_calls/pipeline_caller.h"

#include <utility>

#include "libs/dialects/dialects.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/grpc_calls/call_status.h"

namespace countersign::edge::grpc_calls {

PipelineCaller::PipelineCaller(const call::CallContext& rpc, call::RequestHead head,
                               std::string request_id, absl::Time deadline, ReadRequest read)
    : rpc_(rpc),
      head_(std::move(head)),
      request_id_(std::move(request_id)),
      deadline_(deadline),
      read_(std::move(read)),
      left_(rpc.cancellation, [this] { cancellation_.Cancel(rpc_.cancellation.cause()); }),
      timer_(rpc.executor, deadline - rpc.services.clock.Now(), cancellation_,
             absl::CancelledError("the caller's deadline is over")) {}

async::Awaitable<absl::Status> PipelineCaller::RunPipeline(call::CallObserver* observer) {
  if (rpc_.cancellation.cancelled()) co_return rpc_.cancellation.cause();
  call::Reply reply(*this, dialects::DefaultDialect(), request_id_);
  const call::CallContext call{rpc_.services,
                               rpc_.upstream,
                               *this,
                               reply,
                               head_,
                               request_id_,
                               rpc_.services.clock.Now(),
                               rpc_.executor,
                               cancellation_,
                               observer,
                               deadline_};
  co_await call::RunCall(call);
  co_return FindRefusal(reply);
}

absl::Status PipelineCaller::FindRefusal(const call::Reply& reply) const {
  if (reply.error()) return MakeStatus(*reply.error());
  if (absl::IsCancelled(cancellation_.cause())) {
    if (rpc_.cancellation.cancelled()) return rpc_.cancellation.cause();
    return absl::DeadlineExceededError(cancellation_.cause().message());
  }
  if (reply_.status == 202) return MakeDeferredStatus(reply.review_id());
  return absl::OkStatus();
}

async::Awaitable<absl::StatusOr<std::string>> PipelineCaller::ReadBody(std::size_t max_bytes) {
  absl::StatusOr<std::string> body = co_await read_();
  if (body.ok() && body->size() > max_bytes) {
    co_return absl::ResourceExhaustedError("the request is too large");
  }
  co_return body;
}

async::Awaitable<absl::StatusOr<std::string>> PipelineCaller::ReadPiece(
    absl::Duration /*timeout*/) {
  co_return absl::UnimplementedError("the request of an RPC is read as a whole");
}

}  // namespace countersign::edge::grpc_calls
