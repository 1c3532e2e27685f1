#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/edge/grpc_calls/rpc_protocol.h"
#include "services/edge/inference/event.h"
#include "services/edge/inference/typed_request.h"

namespace countersign::edge::inference {

// A message of Chat: the first one opens the conversation, each further one is the user's text.
using ChatInput = std::variant<Prompt, std::string>;

// The messages of countersign.inference.v1.Inference, in protobuf's encoding or as JSON.
// Thread-safe.
class Codec {
 public:
  virtual ~Codec() = default;

  // INVALID_ARGUMENT when the bytes are not such a message.
  virtual absl::StatusOr<Prompt> ReadGenerate(absl::string_view bytes,
                                              grpc_calls::MessageForm form) const = 0;
  virtual absl::StatusOr<ChatInput> ReadChat(absl::string_view bytes,
                                             grpc_calls::MessageForm form) const = 0;

  virtual std::string WriteGenerate(const Event& event, grpc_calls::MessageForm form) const = 0;
  virtual std::string WriteChat(const Event& event, std::uint32_t turn,
                                grpc_calls::MessageForm form) const = 0;
};

}  // namespace countersign::edge::inference
