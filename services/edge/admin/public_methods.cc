#include "services/edge/admin/public_methods.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "countersign/approval/v1/approval.pb.h"
#include "countersign/authn/v1/authn.pb.h"
#include "countersign/inference/v1/inference.pb.h"
#include "countersign/policy/v1/policy.pb.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "libs/base/status.h"

namespace countersign::edge::admin {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// All proto files with methods for users. Naming them also keeps the linker from dropping them.
const std::map<std::string, const FileDescriptor*>& Files() {
  static const auto* files = new std::map<std::string, const FileDescriptor*>{
      {"approval", approval::v1::Review::descriptor()->file()},
      {"authn", authn::v1::Key::descriptor()->file()},
      {"inference", inference::v1::GenerateRequest::descriptor()->file()},
      {"policy", policy::v1::Resource::descriptor()->file()},
      {"recorder", recorder::v1::Session::descriptor()->file()},
  };
  return *files;
}

options::v1::Access GetAccess(const MethodDescriptor& method) {
  return method.options().GetExtension(options::v1::access);
}

bool IsPublic(const ServiceDescriptor& service) {
  for (int i = 0; i < service.method_count(); ++i) {
    if (GetAccess(*service.method(i)) != options::v1::ACCESS_UNSPECIFIED) return true;
  }
  return false;
}

}  // namespace

absl::Status NoSuchMethod(absl::string_view path) {
  return WithReason(absl::UnimplementedError(absl::StrCat("there is no method ", path)),
                    "not_found");
}

absl::StatusOr<PublicMethod> FindPublicMethod(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !parts[0].empty()) return NoSuchMethod(path);
  for (const auto& [owner, file] : Files()) {
    absl::string_view service_name = parts[1];
    if (!absl::ConsumePrefix(&service_name, absl::StrCat(file->package(), "."))) continue;
    const auto* service = file->FindServiceByName(std::string(service_name));
    if (service == nullptr) break;
    const MethodDescriptor* method = service->FindMethodByName(std::string(parts[2]));
    if (method == nullptr || method->client_streaming()) break;
    const options::v1::Access access = GetAccess(*method);
    if (access == options::v1::ACCESS_UNSPECIFIED) break;
    return PublicMethod{owner, method, access};
  }
  return NoSuchMethod(path);
}

absl::Status CheckAccess(const PublicMethod& method, const domain::Principal& principal) {
  domain::Role role = domain::Role::kNone;
  switch (method.access) {
    case options::v1::ACCESS_AUTHENTICATED: return absl::OkStatus();
    case options::v1::ACCESS_ADMIN: role = domain::Role::kAdmin; break;
    case options::v1::ACCESS_REVIEWER: role = domain::Role::kReviewer; break;
    case options::v1::ACCESS_AUDITOR: role = domain::Role::kAuditor; break;
    case options::v1::ACCESS_REVIEWER_OR_AUDITOR:
      if (domain::HasRole(principal, domain::Role::kAuditor, "")) return absl::OkStatus();
      role = domain::Role::kReviewer;
      break;
    case options::v1::ACCESS_ADMIN_OR_AUDITOR:
      if (domain::HasRole(principal, domain::Role::kAuditor, "")) return absl::OkStatus();
      role = domain::Role::kAdmin;
      break;
    default: break;
  }
  if (role != domain::Role::kNone && domain::HasRole(principal, role, "")) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat(
                        principal.DisplayName(), " does not have the role ", ToString(role))),
                    "permission_denied");
}

const std::vector<const ServiceDescriptor*>& PublicServices() {
  static const auto* const services = [] {
    auto* found = new std::vector<const ServiceDescriptor*>;
    for (const auto& [owner, file] : Files()) {
      for (int i = 0; i < file->service_count(); ++i) {
        if (IsPublic(*file->service(i))) found->push_back(file->service(i));
      }
    }
    std::sort(found->begin(), found->end(),
              [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
    return found;
  }();
  return *services;
}

absl::Status HideAddresses(absl::Status status, absl::string_view owner) {
  if (!absl::IsUnavailable(status) || !GetReason(status).empty()) return status;
  return WithReason(
      absl::UnavailableError(absl::StrCat("the ", owner, " service cannot be reached")),
      "unavailable");
}

}  // namespace countersign::edge::admin
