#pragma once

#include <cstdint>
#include <string>

#include "services/edge/inference/codec.h"

namespace countersign::edge::inference {

// The messages of proto/countersign/inference/v1.
class ProtoCodec final : public Codec {
 public:
  absl::StatusOr<Prompt> ReadGenerate(absl::string_view bytes,
                                      grpc_calls::MessageForm form) const override;
  absl::StatusOr<ChatInput> ReadChat(absl::string_view bytes,
                                     grpc_calls::MessageForm form) const override;
  std::string WriteGenerate(const Event& event, grpc_calls::MessageForm form) const override;
  std::string WriteChat(const Event& event, std::uint32_t turn,
                        grpc_calls::MessageForm form) const override;
};

}  // namespace countersign::edge::inference
