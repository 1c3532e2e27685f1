#include "libs/wire/resource_wire.h"

#include <string>

namespace countersign::wire {

policy::v1::WatchResponse ToProto(const domain::ResourceList& list, std::uint64_t draft_id) {
  policy::v1::WatchResponse proto;
  proto.set_version(list.version);
  proto.set_draft_id(draft_id);
  for (const domain::Resource& resource : list.resources) {
    policy::v1::FeedResource& sent = *proto.add_resources();
    sent.set_kind(resource.kind);
    sent.set_name(resource.name);
    sent.set_spec(resource.spec);
    sent.set_version(resource.version);
    sent.set_created_version(resource.created_version);
  }
  return proto;
}

domain::ResourceList FromProto(const policy::v1::WatchResponse& proto) {
  domain::ResourceList list;
  list.version = proto.version();
  list.resources.reserve(proto.resources_size());
  for (const policy::v1::FeedResource& sent : proto.resources()) {
    domain::Resource& resource = list.resources.emplace_back();
    resource.kind = sent.kind();
    resource.name = sent.name();
    resource.spec = sent.spec();
    resource.version = sent.version();
    resource.created_version = sent.created_version();
  }
  return list;
}

policy::v1::HealthCheck ToProto(const HealthCheck& check, absl::string_view part) {
  policy::v1::HealthCheck proto;
  proto.set_part(std::string(part));
  proto.set_check(check.name);
  proto.set_result(ToString(check.state));
  proto.set_detail(check.saw);
  proto.set_advice(check.advice);
  return proto;
}

HealthCheck FromProto(const policy::v1::HealthCheck& proto) {
  HealthCheck check;
  check.name = proto.check();
  for (const auto state : {HealthCheck::State::kOk, HealthCheck::State::kWarning}) {
    if (proto.result() == ToString(state)) check.state = state;
  }
  check.saw = proto.detail();
  check.advice = proto.advice();
  return check;
}

}  // namespace countersign::wire
