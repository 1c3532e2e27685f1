#include "libs/dialects/kserve/dialect.h"

#include "absl/strings/str_cat.h"
#include "libs/dialects/kserve/rpc_answer.h"
#include "libs/dialects/kserve/rpc_request.h"
#include "libs/dialects/kserve/schema.h"
#include "libs/dialects/rpc/frame_answer.h"
#include "libs/grpc_wire/fields.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {

absl::StatusOr<ReadCall> KserveDialect::Read(const IncomingRequest& request) const {
  if (request.rpc) return ReadRpcCall(request);
  return absl::NotFoundError(absl::StrCat("unknown request: ", request.method, " ", request.path));
}

std::optional<RpcRequest> KserveDialect::FindRpc(const domain::Connection& /*connection*/,
                                                 absl::string_view path) const {
  const protobuf_texts::Method* const method = GetSchema().FindMethod(path);
  if (method == nullptr) return std::nullopt;
  return method->client_streams ? RpcRequest::kEachMessage : RpcRequest::kOneMessage;
}

std::string KserveDialect::FormatRpcFailure(absl::string_view request,
                                            absl::string_view failure) const {
  return WriteStreamFailure(request, failure);
}

AnswerFormat KserveDialect::ClassifyAnswer(const AnswerHead& head) const {
  const bool rpc = grpc_wire::ParseContentType(head.content_type) == grpc_wire::Protocol::kGrpc;
  return rpc ? AnswerFormat::kEventStream : AnswerFormat::kDocument;
}

std::unique_ptr<AnswerReader> KserveDialect::OpenAnswer(const ReadCall& call,
                                                        const AnswerHead& head,
                                                        const AnswerOptions& options) const {
  return std::make_unique<rpc::FrameAnswer>(head,
                                            rpc::FrameAnswer::Options{options.max_event_bytes},
                                            MakeMessageReader(call.upstream_path, options));
}

std::string KserveDialect::FormatError(const CallerError& error) const {
  json::Writer out;
  out.BeginObject().Key("error").String(error.message).Key("code").String(error.code);
  if (!error.review_id.empty()) out.Key("review_id").String(error.review_id);
  out.EndObject();
  return out.str();
}

}  // namespace countersign::dialects::kserve
