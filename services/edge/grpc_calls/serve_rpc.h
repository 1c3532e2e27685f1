#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/health.h"
#include "services/edge/grpc_calls/places.h"
#include "services/edge/grpc_calls/rpc_backend.h"
#include "services/edge/grpc_calls/rpc_protocol.h"

namespace countersign::edge::grpc_calls {

struct RpcOptions {
  absl::Duration unary_timeout = absl::Seconds(60);      // of a method that is not a stream
  std::size_t max_message_bytes = 32u << 20;             // of a request, decompressed too
  absl::Duration piece_timeout = absl::Seconds(60);      // between two reads of a request
  absl::Duration request_timeout = absl::Minutes(5);     // for a whole request
  absl::Duration reflection_timeout = absl::Minutes(5);  // of a reflection stream
};

// Streams that callers may have open without a credential, of the whole process.
struct OpenStreams {
  Places watches{1024};  // of health
  Places reflections{1024};
};

// What all RPCs share. `backend` is null without the other services: then there are no methods.
struct RpcServices {
  RpcBackend* backend = nullptr;
  Health& health;
  OpenStreams& open_streams;
  const RpcOptions& options;
};

// Answers one request over gRPC, gRPC-Web or a stream of the Connect protocol: verifies the caller,
// forwards the message to the owning service and its answer to the caller, within the caller's
// deadline and until the caller leaves. Health and reflection (open_services.h) are answered
// here and need no credential; methods outside of countersign.* are calls to models
// (governed_rpc/).
async::Awaitable<void> ServeRpc(const call::CallContext& context, const RpcServices& rpc,
                                const RpcProtocol& protocol);

}  // namespace countersign::edge::grpc_calls
