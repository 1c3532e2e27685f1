#include "libs/clients/review_gate_grpc.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/clients/unary_client.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::approval::v1;
using Async = UnaryClient<v1::ReviewGateService>::Async;

// The RPC's deadline is this much later than the wait's, so that approval's own answer arrives.
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
  for (v1::Vote& vote : *response.mutable_votes()) {
    domain::ReviewVote& read = status.votes.emplace_back();
    read.reviewer = std::move(*vote.mutable_reviewer());
    read.approves = vote.decision() == v1::Vote::APPROVE;
    read.reason = std::move(*vote.mutable_reason());
    CS_ASSIGN_OR_RETURN(read.at, wire::FromProto(vote.at()));
  }
  status.revoked_by = std::move(*response.mutable_revoked_by());
  if (response.has_revoked_at()) {
    CS_ASSIGN_OR_RETURN(status.revoked_at, wire::FromProto(response.revoked_at()));
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
  v1::SentHead& head = *proto.mutable_head();
  head.set_method(std::move(request.head.method));
  head.set_target(std::move(request.head.target));
  for (auto& [name, value] : request.head.headers) {
    v1::SentHead::Header& header = *head.add_headers();
    header.set_name(std::move(name));
    header.set_value(std::move(value));
  }
  return proto;
}

domain::Grant ToGrant(const v1::ConsumeResponse& response) {
  domain::Grant grant;
  grant.review_id = response.review_id();
  grant.approvers.assign(response.approvers().begin(), response.approvers().end());
  return grant;
}

}  // namespace

struct GrpcReviewGate::State {
  UnaryClient<v1::ReviewGateService> client;
};

GrpcReviewGate::GrpcReviewGate(const std::shared_ptr<grpc::Channel>& approval)
    : state_(new State{UnaryClient<v1::ReviewGateService>(approval)}) {}
GrpcReviewGate::~GrpcReviewGate() = default;

void GrpcReviewGate::Join(const domain::Call& call, domain::ReviewRequest request,
                          absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  state_->client.Call(&Async::Join, {&call, deadline}, ToProto(std::move(request)), ToStatus,
                      std::move(done));
}

void GrpcReviewGate::GetStatus(const domain::Call& call, const std::string& review_id,
                               absl::Time deadline, domain::Done<domain::ReviewStatus> done) {
  v1::GetStatusRequest request;
  request.set_review_id(review_id);
  state_->client.Call(&Async::GetStatus, {&call, deadline}, std::move(request), ToStatus,
                      std::move(done));
}

void GrpcReviewGate::Wait(const domain::Call& call, const std::string& review_id,
                          const std::string& session_id, absl::Time deadline,
                          domain::Done<domain::ReviewStatus> done) {
  const std::int64_t wait_ms = absl::ToInt64Milliseconds(deadline - SystemClock().Now());
  v1::WaitRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  request.set_wait_ms(static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait_ms, 0, 3'600'000)));
  domain::Done<domain::ReviewStatus> pending_at_deadline =
      [review_id, done = std::move(done)](absl::StatusOr<domain::ReviewStatus> status) mutable {
        if (absl::IsDeadlineExceeded(status.status())) {
          status.emplace();
          status->review_id = review_id;
          status->state = domain::ReviewState::kPending;
        }
        done(std::move(status));
      };
  state_->client.Call(&Async::Wait, {&call, deadline + kWaitGrace}, std::move(request), ToStatus,
                      std::move(pending_at_deadline));
}

void GrpcReviewGate::Consume(const domain::Call& call, const std::string& review_id,
                             const std::string& session_id, const std::string& binding_hash,
                             absl::Time deadline, domain::Done<domain::Grant> done) {
  v1::ConsumeRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  request.set_binding_hash(binding_hash);
  state_->client.Call(&Async::Consume, {&call, deadline}, std::move(request), ToGrant,
                      std::move(done));
}

void GrpcReviewGate::Leave(const domain::Call& call, const std::string& review_id,
                           const std::string& session_id) {
  v1::LeaveRequest request;
  request.set_review_id(review_id);
  request.set_session_id(session_id);
  state_->client.Call(
      &Async::Leave, {&call, SystemClock().Now() + kLeaveTimeout}, std::move(request),
      [](v1::LeaveResponse response) { return response; },
      domain::Done<v1::LeaveResponse>([](const auto&) {}));
}

}  // namespace countersign::clients
