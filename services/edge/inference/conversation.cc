#include "services/edge/inference/conversation.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::edge::inference {

absl::Status Conversation::AddPrompt(ChatInput input) {
  if (auto* prompt = std::get_if<Prompt>(&input)) {
    if (open_) return absl::InvalidArgumentError("the conversation is open already");
    open_ = true;
    conversation_ = std::move(*prompt);
    for (const Message& message : conversation_.messages) bytes_ += message.text.size();
    return absl::OkStatus();
  }
  if (!open_) return absl::InvalidArgumentError("the first message opens the conversation");
  std::string& text = std::get<std::string>(input);
  bytes_ += text.size();
  conversation_.messages.push_back({Role::kUser, std::move(text)});
  return absl::OkStatus();
}

absl::Status Conversation::Add(ChatInput input) {
  absl::Status added = AddPrompt(std::move(input));
  if (!added.ok()) return WithReason(std::move(added), "invalid_request");
  if (turns_ < kMostTurns && bytes_ <= kMostBytes) return absl::OkStatus();
  return WithReason(absl::ResourceExhaustedError(absl::StrCat("a conversation has at most ",
                                                              kMostTurns, " turns and ", kMostBytes,
                                                              " bytes; begin another one")),
                    "payload_too_large");
}

void Conversation::AddAnswer(const std::string& text) {
  ++turns_;
  bytes_ += text.size();
  conversation_.messages.push_back({Role::kAssistant, text});
}

}  // namespace countersign::edge::inference
