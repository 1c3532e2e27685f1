#include "libs/dialects/grpc_service/dialect.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/dialects/grpc_service/answer.h"
#include "libs/dialects/grpc_service/request.h"

namespace countersign::dialects::grpc_service {
namespace {

using protobuf_texts::Method;

// The method at the path; NOT_FOUND with why the connection does not serve it.
absl::StatusOr<const Method*> FindServed(const domain::Connection* connection,
                                         absl::string_view path) {
  if (connection == nullptr || connection->schema == nullptr) {
    return absl::NotFoundError("the services of the connection are not known");
  }
  const Method* method = connection->schema->FindMethod(path);
  if (method == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("connection \"", connection->name, "\" has no method ", path));
  }
  return method;
}

}  // namespace

absl::StatusOr<ReadCall> GrpcServiceDialect::Read(const IncomingRequest& request) const {
  if (!request.rpc) {
    return absl::NotFoundError("this connection is called over gRPC alone");
  }
  CS_ASSIGN_OR_RETURN(const Method* method, FindServed(request.connection, request.path));
  CS_ASSIGN_OR_RETURN(ReadCall call, ReadRequest(request, *request.connection->schema, *method));
  call.schema = request.connection->schema;
  return call;
}

std::optional<RpcRequest> GrpcServiceDialect::FindRpc(const domain::Connection& connection,
                                                      absl::string_view path) const {
  const auto method = FindServed(&connection, path);
  if (!method.ok()) return std::nullopt;
  if (!(*method)->client_streams) return RpcRequest::kOneMessage;
  return (*method)->server_streams ? RpcRequest::kTwoWay : RpcRequest::kAllMessages;
}

std::unique_ptr<AnswerReader> GrpcServiceDialect::OpenAnswer(const ReadCall& call,
                                                             const AnswerHead& head,
                                                             const AnswerOptions& options) const {
  return std::make_unique<ServiceAnswer>(head, options, call.schema,
                                         *call.schema->FindMethod(call.upstream_path));
}

std::string GrpcServiceDialect::FormatError(const CallerError& error) const {
  return DefaultDialect().FormatError(error);
}

}  // namespace countersign::dialects::grpc_service
