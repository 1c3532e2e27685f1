#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/call.h"

namespace countersign::edge::inference {
class Codec;
}
namespace countersign::edge::ext_proc {
class Codec;
}

namespace countersign::edge::grpc_calls {

enum class MessageForm { kProto, kJson };

// A call of a method of countersign.*, for its verified caller.
struct RpcRequest {
  domain::Call call;
  std::string path;                        // "/countersign.<service>.v1.<Service>/<Method>"
  MessageForm form = MessageForm::kProto;  // of the request and of the answer
  std::string message;
  absl::Time deadline;  // InfiniteFuture: none
};

// The answer of a call that was started: one message, or those of a stream. Destroying it cancels
// the call. Next may be called on any thread, one call at a time.
class RpcAnswer {
 public:
  virtual ~RpcAnswer() = default;

  // The next message, or nullopt when the call has ended well; otherwise its status, with the
  // owner's reason. The owner sends no more than is asked for, and what fits in its buffers.
  using Message = std::optional<std::string>;
  virtual void Next(domain::Done<Message> done) = 0;
};

struct RpcMethod {
  bool streams = false;  // its answer is a stream
};

// Calls the methods of the services that own them. Thread-safe.
class RpcBackend {
 public:
  virtual ~RpcBackend() = default;

  // The method at `path`, if `principal` may call it. UNIMPLEMENTED when callers have no such
  // method, PERMISSION_DENIED without the role that it needs.
  virtual absl::StatusOr<RpcMethod> Find(absl::string_view path,
                                         const domain::Principal& principal) const = 0;

  // Starts a call; a message that is not valid for the method ends it with INVALID_ARGUMENT. Reads
  // the message, which takes long if it is large. REQUIRES: Find has returned its method.
  virtual std::unique_ptr<RpcAnswer> Start(RpcRequest request) = 0;

  // The full names of the services that have methods for callers, sorted.
  virtual const std::vector<std::string>& services() const = 0;

  // The answer to one message of grpc.reflection.v1.ServerReflection (or v1alpha, whose messages
  // are the same): about `services()`, and no others. INVALID_ARGUMENT when it cannot be read.
  virtual absl::StatusOr<std::string> Reflect(absl::string_view request) const = 0;

  // The messages of countersign.inference.v1.Inference, which the edge serves itself; null without
  // it.
  virtual const inference::Codec* inference() const { return nullptr; }

  // The same for envoy.service.ext_proc.v3.ExternalProcessor.
  virtual const ext_proc::Codec* ext_proc() const { return nullptr; }
};

}  // namespace countersign::edge::grpc_calls
