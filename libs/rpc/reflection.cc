#include "libs/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.pb.h"

namespace countersign::rpc {
namespace {

namespace v1 = ::grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

void AddWithImports(const FileDescriptor* file, std::set<const FileDescriptor*>& files) {
  if (!files.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), files);
}

const FileDescriptor* FindExtensionFile(const v1::ExtensionRequest& request) {
  const auto* message = Pool().FindMessageTypeByName(request.containing_type());
  if (message == nullptr) return nullptr;
  const auto* extension = Pool().FindExtensionByNumber(message, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

// Writes one response.
struct Reflection::Writer {
  const Reflection& reflection;
  v1::ServerReflectionResponse& response;

  void SetError(const std::string& what) {
    auto& error = *response.mutable_error_response();
    error.set_error_code(static_cast<int>(absl::StatusCode::kNotFound));
    error.set_error_message(absl::StrCat("not found: ", what));
  }

  // The file, then all that it imports.
  void SetFile(const FileDescriptor* file, const std::string& what) {
    if (file == nullptr || reflection.files_.count(file) == 0) return SetError(what);
    std::set<const FileDescriptor*> imports;
    AddWithImports(file, imports);
    Add(*file);
    for (const FileDescriptor* import : imports) {
      if (import != file) Add(*import);
    }
  }

  void SetExtensionNumbers(const std::string& type) {
    const auto* message = Pool().FindMessageTypeByName(type);
    if (message == nullptr || reflection.files_.count(message->file()) == 0) return SetError(type);
    auto& answer = *response.mutable_all_extension_numbers_response();
    answer.set_base_type_name(type);
    std::vector<const FieldDescriptor*> extensions;
    Pool().FindAllExtensions(message, &extensions);
    for (const FieldDescriptor* extension : extensions) {
      if (reflection.files_.count(extension->file()) == 0) continue;
      answer.add_extension_number(extension->number());
    }
  }

  void ListServices() {
    auto& answer = *response.mutable_list_services_response();
    for (const std::string& name : reflection.services_) answer.add_service()->set_name(name);
  }

 private:
  void Add(const FileDescriptor& file) {
    FileDescriptorProto proto;
    file.CopyTo(&proto);
    if (reflection.hide_) reflection.hide_(proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
  }
};

Reflection::Reflection(const std::vector<std::string>& services, Hide hide)
    : hide_(std::move(hide)) {
  // Naming a message keeps the linker from dropping the file.
  (void)v1::ServerReflectionRequest::descriptor();
  for (const std::string& name : services) {
    const auto* service = Pool().FindServiceByName(name);
    if (service == nullptr) continue;
    services_.push_back(name);
    AddWithImports(service->file(), files_);
  }
}

absl::StatusOr<std::string> Reflection::Answer(absl::string_view bytes) const {
  v1::ServerReflectionRequest request;
  // It would log what it does not accept, and anyone may send that.
  const google::protobuf::LogSilencer silencer;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("not a grpc.reflection.v1.ServerReflectionRequest");
  }
  v1::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  Writer writer{*this, response};
  using Request = v1::ServerReflectionRequest;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      writer.SetFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename());
      break;
    case Request::kFileContainingSymbol:
      writer.SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
                     request.file_containing_symbol());
      break;
    case Request::kFileContainingExtension:
      writer.SetFile(FindExtensionFile(request.file_containing_extension()),
                     request.file_containing_extension().containing_type());
      break;
    case Request::kAllExtensionNumbersOfType:
      writer.SetExtensionNumbers(request.all_extension_numbers_of_type());
      break;
    case Request::kListServices: writer.ListServices(); break;
    default: return absl::InvalidArgumentError("the request asks for nothing");
  }
  return response.SerializeAsString();
}

}  // namespace countersign::rpc
