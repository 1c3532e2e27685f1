#include "libs/clients/review_gate_grpc.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::approval::v1;

// How much longer than the wait itself its RPC may take: the answer of an ended wait is an answer.
constexpr absl::Duration kWaitGrace = absl::Seconds(2);
constexpr absl::Duration kLeaveTimeout = absl::Seconds(5);

absl::StatusOr<domain::ReviewStatus> ToStatus(v1::ReviewStatus response) {
  domain::ReviewStatus status;
  status.state = wire::FromProto(response.state());
  if (status.state == domain::ReviewState::kUnspecified || response.review_id().empty()) {
    return absl::InternalError("approval's answer cannot be understood");
  }
  status.review_id = std::move(*response.mutable_review_id());
  status.reason = std::move(*response.mutable_reason());
  if (response.has_expires_at()) {
    CS_ASSIGN_OR_RETURN(status.expires_at, wire::FromProto(response.expires_at()));
  }
  return status;
}

v1::JoinRequest ToProto(domain::ReviewRequest request) {
  v1::JoinRequest proto;
  proto.set_session_id(std::move(request.session_id));
  proto.set_connection(std::move(request.connection));
  proto.set_connection_version(request.connection_version);
  proto.set_binding_hash(std::move(request.binding_hash));
  proto.set_policy(std::move(request.policy));
  proto.set_policy_version(request.policy_version);
  *proto.mutable_terms() = wire::ToProto(request.terms);
  if (request.prompt != nullptr) *proto.mutable_prompt() = wire::ToProto(*request.prompt);
  for (const domain::Finding& finding : request.findings) {
    *proto.add_findings() = wire::ToProto(finding);
  }
  proto.set_prompt_tokens(static_cast<std::uint32_t>(request.prompt_tokens));
  proto.set_upstream_body(std::move(request.upstream_body));
  return proto;
}

}  // namespace

struct GrpcReviewGate::State {
  std::unique_ptr<v1::ReviewGateService::Stub> stub;
  CallGroup calls;
};

GrpcReviewGate::GrpcReviewGate(const std::shared_ptr<grpc::Channel>& approval)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::ReviewGateService::NewStub(approval);
}
GrpcReviewGate::~GrpcReviewGate() = default;

void GrpcReviewGate::Join(const domain::Call& call, domain::ReviewRequest request,
                          absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  state_->calls.Unary<v1::ReviewStatus>(
      &call, deadline, ToProto(std::move(request)),
      [this](auto... args) { state_->stub->async()->Join(std::move(args)...); },
      [done = std::move(done)](absl::StatusOr<v1::ReviewStatus> response) mutable {
        done(response.ok() ? ToStatus(*std::move(response)) : response.status());
      });
}

void GrpcReviewGate::Wait(const domain::Call& call, const std::string& review_id,
                          const std::string& session_id, absl::Time deadline,
                          domain::Done<domain::ReviewStatus> done) {
  const std::int64_t wait_ms = absl::ToInt64Milliseconds(deadline - SystemClock().Now());
  v1::WaitRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  request.set_wait_ms(static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait_ms, 0, 3'600'000)));
  state_->calls.Unary<v1::ReviewStatus>(
      &call, deadline + kWaitGrace, std::move(request),
      [this](auto... args) { state_->stub->async()->Wait(std::move(args)...); },
      [review_id, done = std::move(done)](absl::StatusOr<v1::ReviewStatus> response) mutable {
        if (absl::IsDeadlineExceeded(response.status())) {
          domain::ReviewStatus status;
          status.review_id = review_id;
          status.state = domain::ReviewState::kPending;
          return done(std::move(status));
        }
        done(response.ok() ? ToStatus(*std::move(response)) : response.status());
      });
}

void GrpcReviewGate::Consume(const domain::Call& call, const std::string& review_id,
                             const std::string& session_id, const std::string& binding_hash,
                             absl::Time deadline, domain::Done<domain::Grant> done) {
  v1::ConsumeRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  request.set_binding_hash(binding_hash);
  state_->calls.Unary<v1::ConsumeResponse>(
      &call, deadline, std::move(request),
      [this](auto... args) { state_->stub->async()->Consume(std::move(args)...); },
      [done = std::move(done)](absl::StatusOr<v1::ConsumeResponse> response) mutable {
        if (!response.ok()) return done(response.status());
        domain::Grant grant;
        grant.review_id = response->review_id();
        grant.approvers.assign(response->approvers().begin(), response->approvers().end());
        done(std::move(grant));
      });
}

void GrpcReviewGate::Leave(const domain::Call& call, const std::string& review_id,
                           const std::string& session_id) {
  v1::LeaveRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  state_->calls.Unary<v1::LeaveResponse>(
      &call, SystemClock().Now() + kLeaveTimeout, std::move(request),
      [this](auto... args) { state_->stub->async()->Leave(std::move(args)...); },
      [](const absl::StatusOr<v1::LeaveResponse>&) {});
}

}  // namespace countersign::clients
