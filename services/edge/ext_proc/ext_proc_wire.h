#pragma once

#include <string>

#include "services/edge/ext_proc/codec.h"

namespace countersign::edge::ext_proc {

// The messages of proto/envoy/service/ext_proc/v3.
class ProtoCodec final : public Codec {
 public:
  absl::StatusOr<ProxyMessage> Read(absl::string_view bytes) const override;
  std::string Write(const ProxyReply& reply) const override;
};

}  // namespace countersign::edge::ext_proc
