#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/grpc_calls/rpc_backend.h"

namespace countersign::edge::grpc_calls {

// How messages and the final status are sent.
enum class Framing {
  kGrpc,     // trailers have the status
  kWeb,      // gRPC-Web: the last frame has the trailers
  kWebText,  // the same in base64
  kConnect,  // a stream of the Connect protocol: the last frame has the status, as JSON
};

struct RpcProtocol {
  Framing framing = Framing::kGrpc;
  bool supported = true;     // false: messages in a form that is not served
  std::string content_type;  // of the reply

  MessageForm form() const {
    return framing == Framing::kConnect ? MessageForm::kJson : MessageForm::kProto;
  }
};

// The protocol of a request by its content-type; nullopt when it is none of these.
std::optional<RpcProtocol> DetectProtocol(const call::RequestHead& head);

// Why a request cannot be answered in its protocol at all; a plain response says it.
struct HttpRefusal {
  int status = 0;
  const char* message = "";
};
std::optional<HttpRefusal> CheckHttp(const RpcProtocol& protocol, const call::RequestHead& head);

// What the fields of the head say about the call.
struct RpcHead {
  bool gzip = false;          // compressed messages of the request are gzip
  bool accepts_gzip = false;  // and so may be those of the answer
  absl::Duration timeout = absl::InfiniteDuration();
};
// INVALID_ARGUMENT for a timeout that cannot be read, UNIMPLEMENTED for another encoding.
absl::StatusOr<RpcHead> ReadRpcHead(const RpcProtocol& protocol, const call::RequestHead& head);

}  // namespace countersign::edge::grpc_calls
