#include "libs/wire/decision_wire.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "libs/base/status.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::wire {

policy::v1::DecideResponse ToProto(const domain::Decision& decision) {
  policy::v1::DecideResponse proto;
  proto.set_verdict(ToProto(decision.verdict));
  proto.set_policy(decision.policy);
  proto.set_policy_version(decision.policy_version);
  proto.set_message(decision.message);
  for (const domain::Finding& finding : decision.findings) {
    *proto.add_findings() = ToProto(finding);
  }
  proto.set_prompt_tokens(static_cast<std::uint32_t>(
      std::min<std::size_t>(decision.prompt_tokens, std::numeric_limits<std::uint32_t>::max())));
  if (decision.verdict == domain::Verdict::kReview) {
    *proto.mutable_review() = ToProto(decision.review);
  }
  proto.set_masking_profile(decision.masking_profile);
  proto.set_recording(ToProto(decision.recording));
  return proto;
}

absl::StatusOr<domain::Decision> FromProto(const policy::v1::DecideResponse& proto) {
  domain::Decision decision;
  decision.verdict = FromProto(proto.verdict());
  decision.policy = proto.policy();
  decision.policy_version = proto.policy_version();
  decision.message = proto.message();
  for (const auto& found : proto.findings()) {
    CS_ASSIGN_OR_RETURN(domain::Finding finding, FromProto(found));
    decision.findings.push_back(std::move(finding));
  }
  decision.prompt_tokens = proto.prompt_tokens();
  if (decision.verdict == domain::Verdict::kReview) {
    CS_ASSIGN_OR_RETURN(decision.review, FromProto(proto.review()));
  }
  if (!proto.masking_profile().empty()) decision.masking_profile = proto.masking_profile();
  decision.recording = FromProto(proto.recording());
  return decision;
}

}  // namespace countersign::wire
