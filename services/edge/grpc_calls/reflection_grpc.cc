#include "services/edge/grpc_calls/reflection_grpc.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "countersign/options/v1/access.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "services/edge/admin/public_methods.h"

namespace countersign::edge::grpc_calls {
namespace {

namespace v1 = ::grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::ServiceDescriptor;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

void AddWithImports(const FileDescriptor* file, std::set<const FileDescriptor*>& files) {
  if (!files.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), files);
}

// All files that are described, and all that they import.
const std::set<const FileDescriptor*>& Files() {
  static const auto* const files = [] {
    auto* found = new std::set<const FileDescriptor*>;
    for (const ServiceDescriptor* service : admin::PublicServices()) {
      AddWithImports(service->file(), *found);
    }
    AddWithImports(::grpc::health::v1::HealthCheckRequest::descriptor()->file(), *found);
    AddWithImports(v1::ServerReflectionRequest::descriptor()->file(), *found);
    return found;
  }();
  return *files;
}

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

void SetError(const std::string& what, v1::ServerReflectionResponse& response) {
  auto& error = *response.mutable_error_response();
  error.set_error_code(static_cast<int>(absl::StatusCode::kNotFound));
  error.set_error_message(absl::StrCat("not found: ", what));
}

// The file, with all that it imports.
void SetFile(const FileDescriptor* file, const std::string& what,
             v1::ServerReflectionResponse& response) {
  if (file == nullptr || Files().count(file) == 0) return SetError(what, response);
  std::set<const FileDescriptor*> imports;
  AddWithImports(file, imports);
  auto& answer = *response.mutable_file_descriptor_response();
  const auto add = [&answer](const FileDescriptor* described) {
    FileDescriptorProto proto;
    described->CopyTo(&proto);
    HideInternalMethods(proto);
    answer.add_file_descriptor_proto(proto.SerializeAsString());
  };
  add(file);
  for (const FileDescriptor* import : imports) {
    if (import != file) add(import);
  }
}

void SetExtensionNumbers(const std::string& type, v1::ServerReflectionResponse& response) {
  const auto* message = Pool().FindMessageTypeByName(type);
  if (message == nullptr || Files().count(message->file()) == 0) return SetError(type, response);
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(type);
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(message, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    if (Files().count(extension->file()) != 0) answer.add_extension_number(extension->number());
  }
}

const FileDescriptor* FindExtensionFile(const v1::ExtensionRequest& request) {
  const auto* message = Pool().FindMessageTypeByName(request.containing_type());
  if (message == nullptr) return nullptr;
  const auto* extension = Pool().FindExtensionByNumber(message, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

void ListServices(v1::ServerReflectionResponse& response) {
  auto& answer = *response.mutable_list_services_response();
  for (const std::string& name : PublicServiceNames()) answer.add_service()->set_name(name);
  answer.add_service()->set_name("grpc.health.v1.Health");
  answer.add_service()->set_name("grpc.reflection.v1.ServerReflection");
}

}  // namespace

const std::vector<std::string>& PublicServiceNames() {
  static const auto* const names = [] {
    auto* found = new std::vector<std::string>;
    for (const ServiceDescriptor* service : admin::PublicServices()) {
      found->push_back(service->full_name());
    }
    return found;
  }();
  return *names;
}

absl::StatusOr<std::string> AnswerReflection(absl::string_view bytes) {
  v1::ServerReflectionRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("not a grpc.reflection.v1.ServerReflectionRequest");
  }
  v1::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case v1::ServerReflectionRequest::kFileByFilename:
      SetFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename(),
              response);
      break;
    case v1::ServerReflectionRequest::kFileContainingSymbol:
      SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
              request.file_containing_symbol(), response);
      break;
    case v1::ServerReflectionRequest::kFileContainingExtension:
      SetFile(FindExtensionFile(request.file_containing_extension()),
              request.file_containing_extension().containing_type(), response);
      break;
    case v1::ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case v1::ServerReflectionRequest::kListServices: ListServices(response); break;
    default: return absl::InvalidArgumentError("the request asks for nothing");
  }
  return response.SerializeAsString();
}

}  // namespace countersign::edge::grpc_calls
