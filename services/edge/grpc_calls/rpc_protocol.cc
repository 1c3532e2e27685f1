#include "services/edge/grpc_calls/rpc_protocol.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/fields.h"
#include "services/edge/call/headers/header_rules.h"

namespace countersign::edge::grpc_calls {
namespace {

using call::headers::FindHeader;

constexpr absl::string_view kConnectJson = "application/connect+json";
constexpr std::int64_t kMostMilliseconds = 9'999'999'999;  // ten digits, by the protocol

// A media type without its parameters, in lower case.
std::string MediaType(absl::string_view content_type) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
}

bool HasHeader(const call::RequestHead& head, absl::string_view name) {
  return std::any_of(head.headers.begin(), head.headers.end(), [name](const auto& field) {
    return absl::EqualsIgnoreCase(field.first, name);
  });
}

absl::StatusOr<absl::Duration> ReadTimeout(Framing framing, const call::RequestHead& head) {
  if (framing == Framing::kConnect) {
    if (!HasHeader(head, "connect-timeout-ms")) return absl::InfiniteDuration();
    const absl::string_view value = FindHeader(head.headers, "connect-timeout-ms");
    std::int64_t milliseconds = 0;
    if (absl::SimpleAtoi(value, &milliseconds) && milliseconds >= 0 &&
        milliseconds <= kMostMilliseconds) {
      return absl::Milliseconds(milliseconds);
    }
    return absl::InvalidArgumentError("connect-timeout-ms is not a number of milliseconds");
  }
  if (!HasHeader(head, "grpc-timeout")) return absl::InfiniteDuration();
  return grpc_wire::ParseTimeout(FindHeader(head.headers, "grpc-timeout"));
}

}  // namespace

std::optional<RpcProtocol> DetectProtocol(const call::RequestHead& head) {
  const std::string type = MediaType(FindHeader(head.headers, "content-type"));
  RpcProtocol protocol;
  protocol.content_type = type;
  switch (grpc_wire::ParseContentType(type)) {
    case grpc_wire::Protocol::kGrpc: return protocol;
    case grpc_wire::Protocol::kUnsupported: protocol.supported = false; return protocol;
    case grpc_wire::Protocol::kWeb: protocol.framing = Framing::kWeb; return protocol;
    case grpc_wire::Protocol::kWebText: protocol.framing = Framing::kWebText; return protocol;
    case grpc_wire::Protocol::kNone: break;
  }
  if (!absl::StartsWith(type, "application/connect+")) return std::nullopt;
  protocol.framing = Framing::kConnect;
  protocol.supported = type == kConnectJson;
  return protocol;
}

std::optional<HttpRefusal> CheckHttp(const RpcProtocol& protocol, const call::RequestHead& head) {
  if (!protocol.supported) {
    return HttpRefusal{415,
                       "messages of gRPC are protobuf's (application/grpc+proto), "
                       "those of Connect's streams JSON (application/connect+json)\n"};
  }
  if (head.method != "POST") return HttpRefusal{405, "an RPC is a POST\n"};
  if (protocol.framing == Framing::kGrpc && head.http_version < 2) {
    return HttpRefusal{505, "gRPC needs HTTP/2; over HTTP/1.1 use gRPC-Web or JSON\n"};
  }
  return std::nullopt;
}

absl::StatusOr<RpcHead> ReadRpcHead(const RpcProtocol& protocol, const call::RequestHead& head) {
  const bool connect = protocol.framing == Framing::kConnect;
  RpcHead read;
  CS_ASSIGN_OR_RETURN(read.timeout, ReadTimeout(protocol.framing, head));
  const absl::string_view encoding =
      FindHeader(head.headers, connect ? "connect-content-encoding" : "grpc-encoding");
  read.gzip = encoding == "gzip";
  if (!read.gzip && !encoding.empty() && encoding != "identity") {
    return absl::UnimplementedError(
        absl::StrCat("messages are compressed with gzip or not at all, not with ", encoding));
  }
  read.accepts_gzip = grpc_wire::Accepts(
      FindHeader(head.headers, connect ? "connect-accept-encoding" : "grpc-accept-encoding"),
      "gzip");
  return read;
}

}  // namespace countersign::edge::grpc_calls
