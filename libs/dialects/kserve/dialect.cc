#include "libs/dialects/kserve/dialect.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/dialects/kserve/rest_answer.h"
#include "libs/dialects/kserve/rest_request.h"
#include "libs/dialects/kserve/rpc_answer.h"
#include "libs/dialects/kserve/rpc_request.h"
#include "libs/dialects/kserve/schema.h"
#include "libs/dialects/rpc/frame_answer.h"
#include "libs/dialects/sse/writer.h"
#include "libs/grpc_wire/fields.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {

absl::StatusOr<ReadCall> KserveDialect::Read(const IncomingRequest& request) const {
  return request.rpc ? ReadRpcCall(request) : ReadRestCall(request);
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
  const bool events =
      head.status < 400 && absl::StartsWithIgnoreCase(head.content_type, sse::kContentType);
  return rpc || events ? AnswerFormat::kEventStream : AnswerFormat::kDocument;
}

std::unique_ptr<AnswerReader> KserveDialect::OpenAnswer(const ReadCall& call,
                                                        const AnswerHead& head,
                                                        const AnswerOptions& options) const {
  if (!call.rpc) return OpenRestAnswer(call, head, options);
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

std::string KserveDialect::FormatErrorEvent(const CallerError& error) const {
  return sse::FormatEvent(FormatError(error));
}

std::optional<std::string> KserveDialect::ErrorBodyToEvent(absl::string_view body) const {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(body);
  if (!document.ok() || !document->root()["error"].exists()) return std::nullopt;
  return sse::FormatEvent(absl::StripAsciiWhitespace(body));
}

std::string KserveDialect::FormatKeepAlive() const { return sse::FormatComment("waiting"); }

absl::string_view KserveDialect::stream_content_type() const {
  return "text/event-stream; charset=utf-8";
}

}  // namespace countersign::dialects::kserve
