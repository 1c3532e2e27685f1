#include "services/edge/ext_proc/ext_proc_wire.h"

#include <google/protobuf/stubs/logging.h>

#include <utility>

#include "envoy/service/ext_proc/v3/external_processor.pb.h"

namespace countersign::edge::ext_proc {
namespace {

namespace v3 = ::envoy::service::ext_proc::v3;
namespace core = ::envoy::config::core::v3;
using WireMode = ::envoy::extensions::filters::http::ext_proc::v3::ProcessingMode;

BodyMode FromProto(WireMode::BodySendMode mode) {
  switch (mode) {
    case WireMode::NONE: return BodyMode::kNone;
    case WireMode::BUFFERED: return BodyMode::kBuffered;
    case WireMode::FULL_DUPLEX_STREAMED: return BodyMode::kFullDuplex;
    default: return BodyMode::kOther;
  }
}

dialects::HeaderList FromProto(const core::HeaderMap& map) {
  dialects::HeaderList headers;
  for (const core::HeaderValue& header : map.headers()) {
    headers.emplace_back(header.key(),
                         header.raw_value().empty() ? header.value() : header.raw_value());
  }
  return headers;
}

std::string FindSourceAddress(const v3::ProcessingRequest& request) {
  for (const auto& [filter, attributes] : request.attributes()) {
    const auto address = attributes.fields().find("source.address");
    if (address != attributes.fields().end()) return address->second.string_value();
  }
  return "";
}

void ReadPart(v3::ProcessingRequest& request, ProxyMessage& message) {
  const auto headers = [&](Direction direction, const v3::HttpHeaders& proto) {
    message.direction = direction;
    message.part = Part::kHeaders;
    message.headers = FromProto(proto.headers());
    message.end_of_stream = proto.end_of_stream();
  };
  const auto body = [&](Direction direction, v3::HttpBody& proto) {
    message.direction = direction;
    message.part = Part::kBody;
    message.body = std::move(*proto.mutable_body());
    message.end_of_stream = proto.end_of_stream();
  };
  const auto trailers = [&](Direction direction, const v3::HttpTrailers& proto) {
    message.direction = direction;
    message.part = Part::kTrailers;
    message.headers = FromProto(proto.trailers());
    message.end_of_stream = true;
  };
  using Request = v3::ProcessingRequest;
  switch (request.request_case()) {
    case Request::kRequestHeaders: headers(Direction::kRequest, request.request_headers()); break;
    case Request::kResponseHeaders:
      headers(Direction::kResponse, request.response_headers());
      break;
    case Request::kRequestBody: body(Direction::kRequest, *request.mutable_request_body()); break;
    case Request::kResponseBody:
      body(Direction::kResponse, *request.mutable_response_body());
      break;
    case Request::kRequestTrailers:
      trailers(Direction::kRequest, request.request_trailers());
      break;
    case Request::kResponseTrailers:
      trailers(Direction::kResponse, request.response_trailers());
      break;
    case Request::REQUEST_NOT_SET: break;
  }
}

void SetChanges(const HeaderChanges& changes, v3::HeaderMutation& mutation) {
  for (const auto& [name, value] : changes.set) {
    core::HeaderValueOption& option = *mutation.add_set_headers();
    option.mutable_header()->set_key(name);
    option.mutable_header()->set_raw_value(value);
    option.set_append_action(core::HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD);
  }
  for (const std::string& name : changes.remove) mutation.add_remove_headers(name);
}

struct ReplyWriter {
  void operator()(const HeadersReply& reply) const {
    v3::HeadersResponse& headers = reply.direction == Direction::kRequest
                                       ? *response.mutable_request_headers()
                                       : *response.mutable_response_headers();
    SetChanges(reply.changes, *headers.mutable_response()->mutable_header_mutation());
  }
  void operator()(const BodyReply& reply) const {
    v3::CommonResponse& body = *MakeBody(reply.direction).mutable_response();
    SetChanges(reply.changes, *body.mutable_header_mutation());
    body.mutable_body_mutation()->set_body(reply.body);
  }
  void operator()(const PieceReply& reply) const {
    v3::StreamedBodyResponse& piece = *MakeBody(reply.direction)
                                           .mutable_response()
                                           ->mutable_body_mutation()
                                           ->mutable_streamed_response();
    piece.set_body(reply.piece);
    piece.set_end_of_stream(reply.end_of_stream);
  }
  void operator()(const TrailersReply& reply) const {
    v3::TrailersResponse& trailers = reply.direction == Direction::kRequest
                                         ? *response.mutable_request_trailers()
                                         : *response.mutable_response_trailers();
    SetChanges({{}, reply.remove}, *trailers.mutable_header_mutation());
  }
  void operator()(const ImmediateReply& reply) const {
    v3::ImmediateResponse& immediate = *response.mutable_immediate_response();
    immediate.mutable_status()->set_code(reply.status);
    SetChanges({reply.headers, {}}, *immediate.mutable_headers());
    immediate.set_body(reply.body);
    immediate.set_details("countersign");
  }
  void operator()(const MoreTime& more) const {
    auto& timeout = *response.mutable_override_message_timeout();
    timeout.set_seconds(absl::ToInt64Seconds(more.duration));
    timeout.set_nanos(static_cast<std::int32_t>(
        absl::ToInt64Nanoseconds(more.duration - absl::Seconds(timeout.seconds()))));
  }

  v3::BodyResponse& MakeBody(Direction direction) const {
    return direction == Direction::kRequest ? *response.mutable_request_body()
                                            : *response.mutable_response_body();
  }
  v3::ProcessingResponse& response;
};

}  // namespace

absl::StatusOr<ProxyMessage> ProtoCodec::Read(absl::string_view bytes) const {
  v3::ProcessingRequest request;
  // It would log what it does not accept, and the status says that.
  const google::protobuf::LogSilencer silencer;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("not an envoy.service.ext_proc.v3.ProcessingRequest");
  }
  ProxyMessage message;
  ReadPart(request, message);
  message.observes = request.observability_mode();
  if (request.has_protocol_config()) {
    message.modes = {FromProto(request.protocol_config().request_body_mode()),
                     FromProto(request.protocol_config().response_body_mode())};
  }
  message.source_address = FindSourceAddress(request);
  return message;
}

std::string ProtoCodec::Write(const ProxyReply& reply) const {
  v3::ProcessingResponse response;
  std::visit(ReplyWriter{response}, reply);
  return response.SerializeAsString();
}

}  // namespace countersign::edge::ext_proc
