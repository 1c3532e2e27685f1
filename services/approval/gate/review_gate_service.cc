#include "services/approval/gate/review_gate_service.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "services/approval/approval_wire.h"

namespace countersign::approval::gate {
namespace {

// Time reserved for the reply to reach the client before its deadline.
constexpr absl::Duration kReplyMargin = absl::Milliseconds(200);

template <typename T, typename Proto>
domain::Done<T> Reply(rpc::Finisher finish, Proto* response) {
  return [finish = std::move(finish), response](absl::StatusOr<T> answer) mutable {
    if (answer.ok()) *response = ToProto(*answer);
    finish(answer.status());
  };
}

}  // namespace

absl::StatusOr<domain::Call> ReviewGateService::ToCall(
    const grpc::CallbackServerContext& context) const {
  domain::Call call;
  CS_ASSIGN_OR_RETURN(call.principal, rpc::VerifyCaller(context, callers_));
  return call;
}

grpc::ServerUnaryReactor* ReviewGateService::Join(grpc::CallbackServerContext* context,
                                                  const v1::JoinRequest* request,
                                                  v1::ReviewStatus* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    const auto call = ToCall(*context);
    if (!call.ok()) return finish(call.status());
    auto review = FromProto(*request);
    if (!review.ok()) return finish(review.status());
    gate_.Join(*call, *std::move(review), rpc::GetDeadline(*context),
               Reply<domain::ReviewStatus>(std::move(finish), response));
  });
}

grpc::ServerUnaryReactor* ReviewGateService::GetStatus(grpc::CallbackServerContext* context,
                                                       const v1::GetStatusRequest* request,
                                                       v1::ReviewStatus* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    const auto call = ToCall(*context);
    if (!call.ok()) return finish(call.status());
    gate_.GetStatus(*call, request->review_id(), rpc::GetDeadline(*context),
                    Reply<domain::ReviewStatus>(std::move(finish), response));
  });
}

grpc::ServerUnaryReactor* ReviewGateService::Wait(grpc::CallbackServerContext* context,
                                                  const v1::WaitRequest* request,
                                                  v1::ReviewStatus* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    const auto call = ToCall(*context);
    if (!call.ok()) return finish(call.status());
    const absl::Time until = std::min(clock_.Now() + absl::Milliseconds(request->wait_ms()),
                                      rpc::GetDeadline(*context) - kReplyMargin);
    gate_.Wait(*call, request->review_id(), request->session_id(), until,
               Reply<domain::ReviewStatus>(std::move(finish), response));
  });
}

grpc::ServerUnaryReactor* ReviewGateService::Consume(grpc::CallbackServerContext* context,
                                                     const v1::ConsumeRequest* request,
                                                     v1::ConsumeResponse* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    const auto call = ToCall(*context);
    if (!call.ok()) return finish(call.status());
    gate_.Consume(*call, request->review_id(), request->session_id(), request->binding_hash(),
                  rpc::GetDeadline(*context), Reply<domain::Grant>(std::move(finish), response));
  });
}

grpc::ServerUnaryReactor* ReviewGateService::Leave(grpc::CallbackServerContext* context,
                                                   const v1::LeaveRequest* request,
                                                   v1::LeaveResponse*) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    // Only the edge may call this (libs/rpc/peer_rules). It carries no internal token, because the
    // token of a held call has expired by then.
    gate_.Leave(domain::Call(), request->review_id(), request->session_id());
    return absl::OkStatus();
  });
}

}  // namespace countersign::approval::gate
