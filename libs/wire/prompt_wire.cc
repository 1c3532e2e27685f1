#include "libs/wire/prompt_wire.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "libs/base/status.h"

namespace countersign::wire {
namespace {

std::uint32_t Clamp(std::size_t value) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t Milliseconds(absl::Duration duration) {
  const std::int64_t ms = absl::ToInt64Milliseconds(duration);
  return Clamp(static_cast<std::size_t>(std::max<std::int64_t>(ms, 0)));
}

constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

}  // namespace

countersign::domain::v1::TextPart ToProto(const domain::TextPart& part) {
  countersign::domain::v1::TextPart proto;
  proto.set_role(part.role);
  proto.set_pointer(part.pointer);
  proto.set_text(part.text);
  proto.set_group(part.group);
  proto.set_breaks_line(part.breaks_line);
  return proto;
}

countersign::domain::v1::MediaPart ToProto(const domain::MediaPart& part) {
  countersign::domain::v1::MediaPart proto;
  proto.set_pointer(part.pointer);
  proto.set_type(part.type);
  proto.set_size(Clamp(part.size));
  proto.set_sha256(part.sha256);
  return proto;
}

countersign::domain::v1::PlainMember ToProto(const domain::PlainMember& member) {
  countersign::domain::v1::PlainMember proto;
  proto.set_pointer(member.pointer);
  proto.set_json(member.json);
  return proto;
}

countersign::domain::v1::Prompt ToProto(const domain::Prompt& prompt) {
  countersign::domain::v1::Prompt proto;
  proto.set_operation(prompt.operation);
  proto.set_model(prompt.model);
  proto.set_stream(prompt.stream);
  for (const domain::TextPart& part : prompt.parts) *proto.add_parts() = ToProto(part);
  for (const auto& [name, value] : prompt.parameters) (*proto.mutable_parameters())[name] = value;
  for (const std::string& tool : prompt.tools) proto.add_tools(tool);
  for (const domain::MediaPart& part : prompt.media) *proto.add_media() = ToProto(part);
  for (const domain::PlainMember& each : prompt.members) *proto.add_members() = ToProto(each);
  return proto;
}

domain::Prompt FromProto(const countersign::domain::v1::Prompt& proto) {
  domain::Prompt prompt;
  prompt.operation = proto.operation();
  prompt.model = proto.model();
  prompt.stream = proto.stream();
  prompt.parts.reserve(proto.parts_size());
  for (const auto& part : proto.parts()) {
    prompt.parts.push_back(
        {part.role(), part.pointer(), part.text(), part.group(), part.breaks_line()});
  }
  for (const auto& [name, value] : proto.parameters()) prompt.parameters.emplace(name, value);
  prompt.tools.assign(proto.tools().begin(), proto.tools().end());
  for (const auto& part : proto.media()) {
    prompt.media.push_back({part.pointer(), part.type(), part.size(), part.sha256()});
  }
  for (const auto& each : proto.members()) prompt.members.push_back({each.pointer(), each.json()});
  return prompt;
}

countersign::domain::v1::Finding ToProto(const domain::Finding& finding) {
  countersign::domain::v1::Finding proto;
  proto.set_policy(finding.policy);
  proto.set_condition(finding.condition);
  proto.set_rule(finding.rule);
  proto.set_part(Clamp(finding.part));
  proto.set_begin(Clamp(finding.begin));
  proto.set_end(Clamp(finding.end));
  return proto;
}

absl::StatusOr<domain::Finding> FromProto(const countersign::domain::v1::Finding& proto) {
  if (proto.begin() > proto.end()) {
    return absl::InvalidArgumentError("finding: its span ends before it begins");
  }
  return domain::Finding{proto.policy(), proto.condition(), proto.rule(),
                         proto.part(),   proto.begin(),     proto.end()};
}

countersign::domain::v1::ReviewTerms ToProto(const domain::ReviewTerms& terms) {
  countersign::domain::v1::ReviewTerms proto;
  for (const std::string& reviewer : terms.reviewers) proto.add_reviewers(reviewer);
  proto.set_approvals(static_cast<std::uint32_t>(std::max(terms.approvals, 0)));
  proto.set_pending_ttl_ms(Milliseconds(terms.pending_ttl));
  proto.set_hold_ms(Milliseconds(terms.hold));
  proto.set_grant_kind(countersign::domain::v1::GRANT_KIND_ONE_SHOT);
  proto.set_grant_ttl_ms(Milliseconds(terms.grant_ttl));
  proto.set_grant_uses(static_cast<std::uint32_t>(std::max(terms.grant_uses, 0)));
  return proto;
}

absl::StatusOr<domain::ReviewTerms> FromProto(const countersign::domain::v1::ReviewTerms& proto) {
  constexpr std::uint32_t kMost = 1000;
  if (proto.reviewers().empty()) {
    return absl::InvalidArgumentError("terms.reviewers: at least one is needed");
  }
  if (proto.approvals() < 1 || proto.approvals() > kMost) {
    return absl::InvalidArgumentError("terms.approvals: must be 1 to 1000");
  }
  if (proto.grant_uses() < 1 || proto.grant_uses() > kMost) {
    return absl::InvalidArgumentError("terms.grant_uses: must be 1 to 1000");
  }
  if (proto.pending_ttl_ms() == 0 || proto.grant_ttl_ms() == 0) {
    return absl::InvalidArgumentError("terms: pending_ttl_ms and grant_ttl_ms must be above 0");
  }
  if (proto.grant_kind() != countersign::domain::v1::GRANT_KIND_ONE_SHOT) {
    return absl::InvalidArgumentError("terms.grant_kind: must be GRANT_KIND_ONE_SHOT");
  }
  domain::ReviewTerms terms;
  terms.reviewers.assign(proto.reviewers().begin(), proto.reviewers().end());
  terms.approvals = static_cast<int>(proto.approvals());
  terms.pending_ttl = absl::Milliseconds(proto.pending_ttl_ms());
  terms.hold = absl::Milliseconds(proto.hold_ms());
  terms.grant_kind = domain::GrantKind::kOneShot;
  terms.grant_ttl = absl::Milliseconds(proto.grant_ttl_ms());
  terms.grant_uses = static_cast<int>(proto.grant_uses());
  return terms;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(std::clamp(seconds, kFirstSecond, kLastSecond));
  if (seconds == proto.seconds()) {
    proto.set_nanos(
        static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  }
  return proto;
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& proto) {
  if (proto.seconds() < kFirstSecond || proto.seconds() > kLastSecond || proto.nanos() < 0 ||
      proto.nanos() > 999'999'999) {
    return absl::InvalidArgumentError("timestamp: out of range");
  }
  return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

}  // namespace countersign::wire
