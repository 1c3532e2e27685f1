#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/edge/ext_proc/message.h"

namespace countersign::edge::ext_proc {

// The messages of envoy.service.ext_proc.v3.ExternalProcessor in protobuf's encoding. Thread-safe.
class Codec {
 public:
  virtual ~Codec() = default;

  // INVALID_ARGUMENT when the bytes are not such a message.
  virtual absl::StatusOr<ProxyMessage> Read(absl::string_view bytes) const = 0;

  virtual std::string Write(const ProxyReply& reply) const = 0;
};

}  // namespace countersign::edge::ext_proc
