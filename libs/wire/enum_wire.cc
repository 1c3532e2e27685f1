#include "libs/wire/enum_wire.h"

namespace countersign::wire {

namespace av1 = approval::v1;
namespace mv1 = masking::v1;
namespace pv1 = policy::v1;

pv1::Verdict ToProto(domain::Verdict verdict) {
  switch (verdict) {
    case domain::Verdict::kAllow: return pv1::VERDICT_ALLOW;
    case domain::Verdict::kReview: return pv1::VERDICT_REVIEW;
    case domain::Verdict::kDeny: break;
  }
  return pv1::VERDICT_DENY;
}

domain::Verdict FromProto(pv1::Verdict proto) {
  switch (proto) {
    case pv1::VERDICT_ALLOW: return domain::Verdict::kAllow;
    case pv1::VERDICT_REVIEW: return domain::Verdict::kReview;
    default: return domain::Verdict::kDeny;
  }
}

pv1::Recording ToProto(domain::Recording recording) {
  return recording == domain::Recording::kOrdered ? pv1::RECORDING_ORDERED : pv1::RECORDING_STRICT;
}

domain::Recording FromProto(pv1::Recording proto) {
  return proto == pv1::RECORDING_ORDERED ? domain::Recording::kOrdered : domain::Recording::kStrict;
}

av1::Review::State ToProto(domain::ReviewState state) {
  switch (state) {
    case domain::ReviewState::kPending: return av1::Review::PENDING;
    case domain::ReviewState::kApproved: return av1::Review::APPROVED;
    case domain::ReviewState::kDenied: return av1::Review::DENIED;
    case domain::ReviewState::kExpired: return av1::Review::EXPIRED;
    case domain::ReviewState::kCancelled: return av1::Review::CANCELLED;
    case domain::ReviewState::kConsumed: return av1::Review::CONSUMED;
    case domain::ReviewState::kExhausted: return av1::Review::EXHAUSTED;
    case domain::ReviewState::kRevoked: return av1::Review::REVOKED;
    case domain::ReviewState::kUnspecified: break;
  }
  return av1::Review::STATE_UNSPECIFIED;
}

domain::ReviewState FromProto(av1::Review::State proto) {
  switch (proto) {
    case av1::Review::PENDING: return domain::ReviewState::kPending;
    case av1::Review::APPROVED: return domain::ReviewState::kApproved;
    case av1::Review::DENIED: return domain::ReviewState::kDenied;
    case av1::Review::EXPIRED: return domain::ReviewState::kExpired;
    case av1::Review::CANCELLED: return domain::ReviewState::kCancelled;
    case av1::Review::CONSUMED: return domain::ReviewState::kConsumed;
    case av1::Review::EXHAUSTED: return domain::ReviewState::kExhausted;
    case av1::Review::REVOKED: return domain::ReviewState::kRevoked;
    default: return domain::ReviewState::kUnspecified;
  }
}

mv1::Direction ToProto(domain::Direction direction) {
  return direction == domain::Direction::kPrompt ? mv1::DIRECTION_PROMPT : mv1::DIRECTION_RESPONSE;
}

absl::StatusOr<domain::Direction> FromProto(mv1::Direction proto) {
  switch (proto) {
    case mv1::DIRECTION_PROMPT: return domain::Direction::kPrompt;
    case mv1::DIRECTION_RESPONSE: return domain::Direction::kResponse;
    default:
      return absl::InvalidArgumentError("open.direction: must be DIRECTION_PROMPT or _RESPONSE");
  }
}

}  // namespace countersign::wire
