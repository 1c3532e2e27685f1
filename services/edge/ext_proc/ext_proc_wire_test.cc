#include "services/edge/ext_proc/ext_proc_wire.h"

#include <catch2/catch.hpp>

#include "envoy/service/ext_proc/v3/external_processor.pb.h"

namespace countersign::edge::ext_proc {
namespace {

namespace v3 = ::envoy::service::ext_proc::v3;
using WireMode = ::envoy::extensions::filters::http::ext_proc::v3::ProcessingMode;

ProxyMessage Read(const v3::ProcessingRequest& request) {
  const auto message = ProtoCodec().Read(request.SerializeAsString());
  REQUIRE(message.ok());
  return *message;
}
v3::ProcessingResponse Write(const ProxyReply& reply) {
  v3::ProcessingResponse response;
  REQUIRE(response.ParseFromString(ProtoCodec().Write(reply)));
  return response;
}

TEST_CASE("ext_proc messages: the head of a request, with the filter's modes", "[ext_proc]") {
  v3::ProcessingRequest request;
  auto& headers = *request.mutable_request_headers()->mutable_headers();
  auto* header = headers.add_headers();
  header->set_key(":path");
  header->set_raw_value("/v1");
  header = headers.add_headers();
  header->set_key("old");
  header->set_value("text");
  request.mutable_protocol_config()->set_request_body_mode(WireMode::BUFFERED);
  request.mutable_protocol_config()->set_response_body_mode(WireMode::FULL_DUPLEX_STREAMED);
  auto& attributes = (*request.mutable_attributes())["envoy.filters.http.ext_proc"];
  (*attributes.mutable_fields())["source.address"].set_string_value("192.0.2.7:4711");
  const ProxyMessage message = Read(request);
  CHECK(message.direction == Direction::kRequest);
  CHECK(message.part == Part::kHeaders);
  CHECK(message.headers == dialects::HeaderList{{":path", "/v1"}, {"old", "text"}});
  CHECK_FALSE(message.end_of_stream);
  REQUIRE(message.modes.has_value());
  CHECK(message.modes->request == BodyMode::kBuffered);
  CHECK(message.modes->response == BodyMode::kFullDuplex);
  CHECK(message.source_address == "192.0.2.7:4711");
  CHECK_FALSE(message.observes);
}

TEST_CASE("ext_proc messages: modes that are not known are none that is governed", "[ext_proc]") {
  v3::ProcessingRequest request;
  request.mutable_request_headers();
  CHECK_FALSE(Read(request).modes.has_value());
  request.mutable_protocol_config();
  CHECK(Read(request).modes->request == BodyMode::kNone);
  for (const auto mode : {WireMode::STREAMED, WireMode::BUFFERED_PARTIAL, WireMode::GRPC}) {
    request.mutable_protocol_config()->set_request_body_mode(mode);
    CHECK(Read(request).modes->request == BodyMode::kOther);
  }
  request.mutable_protocol_config()->set_request_body_mode(static_cast<WireMode::BodySendMode>(77));
  CHECK(Read(request).modes->request == BodyMode::kOther);
}

TEST_CASE("ext_proc messages: bodies and trailers of both directions", "[ext_proc]") {
  v3::ProcessingRequest request;
  request.mutable_request_body()->set_body("a");
  CHECK(Read(request).body == "a");
  CHECK(Read(request).part == Part::kBody);
  CHECK_FALSE(Read(request).end_of_stream);
  request.mutable_response_body()->set_end_of_stream(true);
  CHECK(Read(request).direction == Direction::kResponse);
  CHECK(Read(request).end_of_stream);
  request.mutable_response_trailers()->mutable_trailers()->add_headers()->set_key("x");
  CHECK(Read(request).part == Part::kTrailers);
  CHECK(Read(request).end_of_stream);
  CHECK(Read(request).headers == dialects::HeaderList{{"x", ""}});
  request.mutable_response_headers()->set_end_of_stream(true);
  CHECK(Read(request).part == Part::kHeaders);
  request.mutable_request_trailers();
  request.set_observability_mode(true);
  CHECK(Read(request).direction == Direction::kRequest);
  CHECK(Read(request).observes);
  CHECK(Read(v3::ProcessingRequest()).part == Part::kUnknown);
  CHECK(absl::IsInvalidArgument(ProtoCodec().Read("\xff").status()));
}

TEST_CASE("ext_proc messages: replies", "[ext_proc]") {
  const HeaderChanges changes{{{"a", "1"}}, {"b"}};
  const auto head = Write(HeadersReply{Direction::kRequest, changes});
  const v3::HeaderMutation& mutation = head.request_headers().response().header_mutation();
  CHECK(mutation.set_headers(0).header().key() == "a");
  CHECK(mutation.set_headers(0).header().raw_value() == "1");
  CHECK(mutation.set_headers(0).append_action() == 2);
  CHECK(mutation.remove_headers(0) == "b");

  const auto body = Write(BodyReply{Direction::kResponse, changes, "text"});
  CHECK(body.response_body().response().body_mutation().body() == "text");
  CHECK(body.response_body().response().header_mutation().remove_headers_size() == 1);
  const auto empty = Write(BodyReply{Direction::kRequest, {}, ""});
  CHECK(empty.request_body().response().body_mutation().has_body());

  const auto piece = Write(PieceReply{Direction::kRequest, "p", true});
  const auto& streamed = piece.request_body().response().body_mutation().streamed_response();
  CHECK(streamed.body() == "p");
  CHECK(streamed.end_of_stream());

  const auto trailers = Write(TrailersReply{Direction::kResponse, {"t"}});
  CHECK(trailers.response_trailers().header_mutation().remove_headers(0) == "t");

  const auto immediate = Write(ImmediateReply{403, {{"content-type", "x"}}, "no"});
  CHECK(immediate.immediate_response().status().code() == 403);
  CHECK(immediate.immediate_response().body() == "no");
  CHECK(immediate.immediate_response().headers().set_headers_size() == 1);

  const auto more = Write(MoreTime{absl::Milliseconds(1500)});
  CHECK(more.override_message_timeout().seconds() == 1);
  CHECK(more.override_message_timeout().nanos() == 500'000'000);
  CHECK(more.response_case() == v3::ProcessingResponse::RESPONSE_NOT_SET);
}

}  // namespace
}  // namespace countersign::edge::ext_proc
