#include "services/edge/admin/connect_gateway.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "countersign/approval/v1/approval.pb.h"
#include "countersign/authn/v1/authn.pb.h"
#include "countersign/options/v1/access.pb.h"
#include "countersign/policy/v1/policy.pb.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "services/edge/admin/connect_json.h"
#include "services/edge/admin/message_json.h"
#include "services/edge/admin/openapi/openapi_document.h"

namespace countersign::edge::admin {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// All proto files with methods for users. Naming them also keeps the linker from dropping them.
const std::map<std::string, const FileDescriptor*>& Files() {
  static const auto* files = new std::map<std::string, const FileDescriptor*>{
      {"approval", approval::v1::Review::descriptor()->file()},
      {"authn", authn::v1::Key::descriptor()->file()},
      {"policy", policy::v1::Resource::descriptor()->file()},
      {"recorder", recorder::v1::Session::descriptor()->file()},
  };
  return *files;
}

struct Target {
  std::string owner;  // "policy"
  const MethodDescriptor* method = nullptr;
  options::v1::Access access = options::v1::ACCESS_UNSPECIFIED;
};

absl::Status NoSuchMethod(absl::string_view path) {
  return WithReason(absl::UnimplementedError(absl::StrCat("there is no method ", path)),
                    "not_found");
}

// The method of "/countersign.policy.v1.ResourceService/Apply", if users may call it.
absl::StatusOr<Target> FindTarget(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !parts[0].empty()) return NoSuchMethod(path);
  for (const auto& [owner, file] : Files()) {
    absl::string_view service_name = parts[1];
    if (!absl::ConsumePrefix(&service_name, absl::StrCat(file->package(), "."))) continue;
    const auto* service = file->FindServiceByName(std::string(service_name));
    if (service == nullptr) break;
    const MethodDescriptor* method = service->FindMethodByName(std::string(parts[2]));
    if (method == nullptr || method->client_streaming() || method->server_streaming()) break;
    const options::v1::Access access = method->options().GetExtension(options::v1::access);
    if (access == options::v1::ACCESS_UNSPECIFIED) break;
    return Target{owner, method, access};
  }
  return NoSuchMethod(path);
}

absl::Status CheckAccess(options::v1::Access access, const domain::Principal& principal) {
  domain::Role role = domain::Role::kNone;
  switch (access) {
    case options::v1::ACCESS_AUTHENTICATED: return absl::OkStatus();
    case options::v1::ACCESS_ADMIN: role = domain::Role::kAdmin; break;
    case options::v1::ACCESS_REVIEWER: role = domain::Role::kReviewer; break;
    case options::v1::ACCESS_AUDITOR: role = domain::Role::kAuditor; break;
    case options::v1::ACCESS_REVIEWER_OR_AUDITOR:
      if (domain::HasRole(principal, domain::Role::kAuditor, "")) return absl::OkStatus();
      role = domain::Role::kReviewer;
      break;
    default: break;
  }
  if (role != domain::Role::kNone && domain::HasRole(principal, role, "")) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat(
                        principal.DisplayName(), " does not have the role ", ToString(role))),
                    "permission_denied");
}

bool IsJson(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/json");
}

grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  // Serialising a parsed message cannot fail.
  (void)grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &bytes, &own);
  return bytes;
}

AdminReply MakeErrorReply(const absl::Status& status) {
  return {ToHttpStatus(status.code()), ErrorToJson(status)};
}

AdminReply MakeReply(const Target& target, absl::StatusOr<grpc::ByteBuffer> answer) {
  if (absl::IsUnavailable(answer.status()) && GetReason(answer.status()).empty()) {
    // gRPC's own message is not passed on, because it contains addresses.
    return MakeErrorReply(WithReason(
        absl::UnavailableError(absl::StrCat("the ", target.owner, " service cannot be reached")),
        "unavailable"));
  }
  if (!answer.ok()) return MakeErrorReply(answer.status());
  const std::unique_ptr<Message> message(google::protobuf::MessageFactory::generated_factory()
                                             ->GetPrototype(target.method->output_type())
                                             ->New());
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&*answer, message.get());
  if (!parsed.ok())
    return MakeErrorReply(absl::InternalError("the owning service's answer cannot be read"));
  return {200, MessageToJson(*message)};
}

}  // namespace

struct ConnectGateway::State {
  Channels channels;
  clients::CallGroup calls;
};

ConnectGateway::ConnectGateway(Channels channels) : state_(std::make_unique<State>()) {
  state_->channels = std::move(channels);
}
ConnectGateway::~ConnectGateway() = default;

absl::string_view ConnectGateway::api_document() const { return openapi::OpenApiDocument(); }

void ConnectGateway::Forward(AdminRequest request, domain::Done<AdminReply> done) {
  const absl::StatusOr<Target> target = FindTarget(request.path);
  if (!target.ok()) return done(AdminReply{404, ErrorToJson(target.status())});
  const absl::Status access = CheckAccess(target->access, *request.call.principal);
  if (!access.ok()) return done(MakeErrorReply(access));
  if (!IsJson(request.content_type)) {
    return done(AdminReply{
        415, ErrorToJson(absl::InvalidArgumentError("content-type must be application/json"))});
  }
  const auto channel = state_->channels.find(target->owner);
  if (channel == state_->channels.end()) {
    return done(AdminReply{404, ErrorToJson(NoSuchMethod(request.path))});
  }
  const auto message = MessageFromJson(*target->method->input_type(), request.body);
  if (!message.ok()) {
    return done(MakeErrorReply(WithReason(message.status(), "invalid_request")));
  }
  auto stub = std::make_shared<grpc::GenericStub>(channel->second);
  state_->calls.Unary<grpc::ByteBuffer>(
      &request.call, request.deadline, Serialize(**message),
      [stub, method = request.path](auto* context, auto* bytes, auto* answer, auto callback) {
        stub->UnaryCall(context, method, grpc::StubOptions(), bytes, answer, std::move(callback));
      },
      [target = *target, stub,
       done = std::move(done)](absl::StatusOr<grpc::ByteBuffer> answer) mutable {
        done(MakeReply(target, std::move(answer)));
      });
}

}  // namespace countersign::edge::admin
