#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "services/edge/inference/codec.h"
#include "services/edge/inference/typed_request.h"

namespace countersign::edge::inference {

// A conversation, as far as it has come: what its caller has said, and the answers as they were
// delivered. Bounded in turns and bytes. Not thread-safe.
class Conversation {
 public:
  static constexpr std::uint32_t kMostTurns = 1000;
  static constexpr std::size_t kMostBytes = 4u << 20;  // of its texts

  // Takes the next message of the stream. INVALID_ARGUMENT when it is not the one whose turn it is;
  // RESOURCE_EXHAUSTED when the conversation is too long for another turn.
  absl::Status Add(ChatInput input);
  void AddAnswer(const std::string& text);

  bool open() const { return open_; }                     // the first message was taken
  std::uint32_t turns() const { return turns_; }          // that were answered
  const Prompt& prompt() const { return conversation_; }  // of the next turn

 private:
  absl::Status AddPrompt(ChatInput input);

  Prompt conversation_;
  bool open_ = false;
  std::uint32_t turns_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace countersign::edge::inference
