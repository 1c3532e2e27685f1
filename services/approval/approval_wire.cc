#include "services/approval/approval_wire.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::approval {
namespace {

std::uint32_t Narrow(std::size_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

absl::StatusOr<domain::ReviewRequest> FromProto(const v1::JoinRequest& request) {
  domain::ReviewRequest review;
  review.session_id = request.session_id();
  review.connection = request.connection();
  review.connection_version = request.connection_version();
  review.binding_hash = request.binding_hash();
  review.policy = request.policy();
  review.policy_version = request.policy_version();
  CS_ASSIGN_OR_RETURN(review.terms, wire::FromProto(request.terms()));
  review.prompt = std::make_shared<const domain::Prompt>(wire::FromProto(request.prompt()));
  for (const auto& finding : request.findings()) {
    CS_ASSIGN_OR_RETURN(review.findings.emplace_back(), wire::FromProto(finding));
  }
  review.prompt_tokens = request.prompt_tokens();
  review.upstream_body = request.upstream_body();
  review.head.method = request.head().method();
  review.head.target = request.head().target();
  for (const v1::SentHead::Header& header : request.head().headers()) {
    review.head.headers.emplace_back(header.name(), header.value());
  }
  return review;
}

absl::StatusOr<domain::ReviewState> StateFromProto(v1::Review::State state) {
  const domain::ReviewState known = wire::FromProto(state);
  if (known == domain::ReviewState::kUnspecified && state != v1::Review::STATE_UNSPECIFIED) {
    return InvalidField("state", absl::StrCat(static_cast<int>(state), " is no state of a review"));
  }
  return known;
}

namespace {

v1::Vote ToProto(const domain::ReviewVote& vote) {
  v1::Vote proto;
  proto.set_reviewer(vote.reviewer);
  proto.set_decision(vote.approves ? v1::Vote::APPROVE : v1::Vote::DENY);
  proto.set_reason(vote.reason);
  *proto.mutable_at() = wire::ToProto(vote.at);
  return proto;
}

}  // namespace

v1::ReviewStatus ToProto(const domain::ReviewStatus& status) {
  v1::ReviewStatus proto;
  proto.set_review_id(status.review_id);
  proto.set_state(wire::ToProto(status.state));
  proto.set_reason(status.reason);
  if (status.expires_at != absl::InfinitePast()) {
    *proto.mutable_expires_at() = wire::ToProto(status.expires_at);
  }
  for (const domain::ReviewVote& vote : status.votes) *proto.add_votes() = ToProto(vote);
  proto.set_revoked_by(status.revoked_by);
  if (status.revoked_at != absl::InfinitePast()) {
    *proto.mutable_revoked_at() = wire::ToProto(status.revoked_at);
  }
  return proto;
}

v1::ConsumeResponse ToProto(const domain::Grant& grant) {
  v1::ConsumeResponse proto;
  proto.set_review_id(grant.review_id);
  for (const std::string& name : grant.approvers) proto.add_approvers(name);
  return proto;
}

v1::Review ToProto(const reviews::Review& review, std::size_t waiting) {
  v1::Review proto;
  proto.set_id(review.id);
  proto.set_state(wire::ToProto(review.state));
  proto.set_requester(review.requester.DisplayName());
  proto.set_requester_subject(review.requester.issuer + "#" + review.requester.subject);
  proto.set_connection(review.connection);
  proto.set_policy(review.policy);
  proto.set_binding_hash(review.binding_hash);
  *proto.mutable_created_at() = wire::ToProto(review.created_at);
  *proto.mutable_expires_at() = wire::ToProto(review.ExpiresAt());
  proto.set_approvals_required(static_cast<std::uint32_t>(review.terms.approvals));
  proto.set_uses_left(static_cast<std::uint32_t>(review.uses_left));
  proto.set_waiting(Narrow(waiting));
  proto.set_model(review.model);
  proto.set_prompt_tokens(Narrow(review.prompt_tokens));
  for (const domain::ReviewVote& vote : reviews::ToReviewVotes(review.votes)) {
    *proto.add_votes() = ToProto(vote);
  }
  for (const std::string& name : review.terms.reviewers) proto.add_reviewers(name);
  return proto;
}

v1::ReviewTransition ToProto(const reviewers::ReviewTransition& transition, std::size_t waiting) {
  v1::ReviewTransition proto;
  *proto.mutable_review() = ToProto(transition.review, waiting);
  proto.set_from(wire::ToProto(transition.line.from));
  proto.set_actor(transition.line.actor);
  *proto.mutable_at() = wire::ToProto(transition.line.at);
  return proto;
}

v1::Review ToProto(const reviewers::ReviewWithContent& open, std::size_t waiting) {
  v1::Review proto = ToProto(open.review, waiting);
  const domain::Prompt& prompt = open.content.prompt;
  for (const domain::TextPart& part : prompt.parts) *proto.add_parts() = wire::ToProto(part);
  for (const domain::Finding& finding : open.content.findings) {
    *proto.add_findings() = wire::ToProto(finding);
  }
  for (const std::string& tool : prompt.tools) proto.add_tools(tool);
  for (const domain::MediaPart& part : prompt.media) *proto.add_media() = wire::ToProto(part);
  for (const domain::PlainMember& each : prompt.members) {
    *proto.add_members() = wire::ToProto(each);
  }
  for (const auto& [name, value] : prompt.parameters) (*proto.mutable_parameters())[name] = value;
  const domain::SentHead& sent = open.content.head;
  if (sent.method.empty()) return proto;  // opened by a version that did not keep it
  v1::SentHead& head = *proto.mutable_head();
  head.set_method(sent.method);
  head.set_target(sent.target);
  for (const auto& [name, value] : sent.headers) {
    v1::SentHead::Header& header = *head.add_headers();
    header.set_name(name);
    header.set_value(value);
  }
  return proto;
}

}  // namespace countersign::approval
