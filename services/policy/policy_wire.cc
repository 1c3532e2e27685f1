#include "services/policy/policy_wire.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "libs/wire/prompt_wire.h"
#include "services/policy/verdict_names.h"

namespace countersign::policy {
namespace {

std::uint32_t Clamp32(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

v1::DecideResponse ToProto(const domain::Decision& decision) {
  v1::DecideResponse response;
  response.set_verdict(std::string(VerdictName(decision.verdict)));
  response.set_policy(decision.policy);
  response.set_policy_version(decision.policy_version);
  response.set_message(decision.message);
  for (const domain::Finding& finding : decision.findings) {
    *response.add_findings() = wire::ToProto(finding);
  }
  response.set_prompt_tokens(Clamp32(decision.prompt_tokens));
  if (decision.verdict == domain::Verdict::kReview) {
    *response.mutable_review() = wire::ToProto(decision.review);
  }
  response.set_masking_profile(decision.masking_profile);
  response.set_recording(std::string(RecordingName(decision.recording)));
  return response;
}

}  // namespace countersign::policy
