#include "services/edge/grpc_calls/reflection_grpc.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "countersign/options/v1/access.pb.h"
#include "envoy/service/ext_proc/v3/external_processor.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "services/edge/admin/public_methods.h"

namespace countersign::edge::grpc_calls {
namespace {

using google::protobuf::FileDescriptorProto;

// Of the services in our packages only the methods for callers are shown.
void HideInternalMethods(FileDescriptorProto& file) {
  const auto is_internal = [](const google::protobuf::MethodDescriptorProto& method) {
    return method.options().GetExtension(options::v1::access) == options::v1::ACCESS_UNSPECIFIED;
  };
  if (!absl::StartsWith(file.package(), "countersign.")) return;
  auto& services = *file.mutable_service();
  for (auto& service : services) {
    auto& methods = *service.mutable_method();
    methods.erase(std::remove_if(methods.begin(), methods.end(), is_internal), methods.end());
  }
  services.erase(std::remove_if(services.begin(), services.end(),
                                [](const auto& service) { return service.method_size() == 0; }),
                 services.end());
}

}  // namespace

const std::vector<std::string>& PublicServiceNames() {
  static const auto* const names = [] {
    auto* found = new std::vector<std::string>;
    for (const auto* service : admin::PublicServices()) found->push_back(service->full_name());
    return found;
  }();
  return *names;
}

rpc::Reflection MakePublicReflection() {
  // Naming a message keeps the linker from dropping the file.
  (void)::grpc::health::v1::HealthCheckRequest::descriptor();
  (void)::envoy::service::ext_proc::v3::ProcessingRequest::descriptor();
  std::vector<std::string> services = PublicServiceNames();
  services.emplace_back("envoy.service.ext_proc.v3.ExternalProcessor");
  services.emplace_back("grpc.health.v1.Health");
  services.emplace_back("grpc.reflection.v1.ServerReflection");
  return rpc::Reflection(services, HideInternalMethods);
}

}  // namespace countersign::edge::grpc_calls
