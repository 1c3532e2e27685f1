#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/grpc_wire/frames.h"
#include "libs/grpc_wire/web_text.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/rpc_protocol.h"

namespace countersign::edge::grpc_calls {

struct ReadLimits {
  std::size_t message_bytes = 0;  // of one message, decompressed too
  absl::Duration piece_timeout;   // until the next bytes come
  absl::Duration total_timeout;   // until the end of a request of one message
};

// Reads the messages of a request. Used on the call's executor.
class MessageSource {
 public:
  MessageSource(const call::CallContext& context, Framing framing, bool gzip,
                const ReadLimits& limits)
      : context_(context),
        framing_(framing),
        gzip_(gzip),
        limits_(limits),
        begun_(context.executor.Now()),
        frames_(limits.message_bytes) {}

  // The next message; nullopt at the end of the request. RESOURCE_EXHAUSTED for one that is too
  // large, INVALID_ARGUMENT for bytes that are not whole messages, INTERNAL for a compressed one
  // without an encoding; DEADLINE_EXCEEDED and CANCELLED as of the caller's connection.
  async::Awaitable<absl::StatusOr<std::optional<std::string>>> Next();

  // The message of a request that has exactly one, read to the request's end.
  async::Awaitable<absl::StatusOr<std::string>> ReadOnly();

 private:
  async::Awaitable<absl::StatusOr<std::string>> Open(grpc_wire::Frame frame) const;
  // True while there is more to read.
  async::Awaitable<absl::StatusOr<bool>> ReadMore();

  const call::CallContext& context_;
  const Framing framing_;
  const bool gzip_;
  const ReadLimits limits_;
  const async::TimePoint begun_;
  bool only_one_ = false;
  grpc_wire::WebTextReader text_;
  grpc_wire::FrameReader frames_;
};

}  // namespace countersign::edge::grpc_calls
