#include "services/edge/admin/connect_gateway.h"

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "libs/grpc_wire/status_code.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/admin/connect_json.h"
#include "services/edge/admin/message_bytes.h"
#include "services/edge/admin/message_json.h"
#include "services/edge/admin/openapi/openapi_document.h"
#include "services/edge/admin/public_methods.h"

namespace countersign::edge::admin {
namespace {

bool IsJson(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/json");
}

AdminReply MakeErrorReply(const absl::Status& status) {
  return {grpc_wire::ToHttpStatus(status.code()), ErrorToJson(status)};
}

AdminReply MakeReply(const PublicMethod& target, absl::StatusOr<grpc::ByteBuffer> answer) {
  if (!answer.ok()) return MakeErrorReply(HideAddresses(answer.status(), target.owner));
  const auto message = Deserialize(*target.method->output_type(), *std::move(answer));
  if (!message.ok()) return MakeErrorReply(message.status());
  return {200, MessageToJson(**message)};
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
  const absl::StatusOr<PublicMethod> target = FindPublicMethod(request.path);
  if (!target.ok()) return done(AdminReply{404, ErrorToJson(target.status())});
  const absl::Status access = CheckAccess(*target, *request.call.principal);
  if (!access.ok()) return done(MakeErrorReply(access));
  const bool streams = target->method->server_streaming();
  if (streams || !IsJson(request.content_type)) {
    return done(AdminReply{415, ErrorToJson(absl::InvalidArgumentError(absl::StrCat(
                                    "content-type must be application/",
                                    streams ? "connect+json: the answer is a stream" : "json")))});
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
