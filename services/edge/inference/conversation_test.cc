#include "services/edge/inference/conversation.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::edge::inference {
namespace {

Prompt Open(std::string text) {
  Prompt prompt;
  prompt.settings.model = "gpt-4o";
  prompt.messages = {{Role::kUser, std::move(text)}};
  return prompt;
}

TEST_CASE("Conversation: begins once, with its settings", "[inference]") {
  Conversation conversation;
  CHECK(absl::IsInvalidArgument(conversation.Add(ChatInput("hi"))));
  CHECK_FALSE(conversation.open());
  REQUIRE(conversation.Add(Open("hi")).ok());
  CHECK(conversation.open());
  CHECK(absl::IsInvalidArgument(conversation.Add(Open("hi"))));
  conversation.AddAnswer("hello");
  REQUIRE(conversation.Add(ChatInput("and?")).ok());
  CHECK(conversation.turns() == 1);
  CHECK(conversation.prompt().settings.model == "gpt-4o");
  REQUIRE(conversation.prompt().messages.size() == 3);
  CHECK(conversation.prompt().messages[1].role == Role::kAssistant);
  CHECK(conversation.prompt().messages[1].text == "hello");
  CHECK(conversation.prompt().messages[2].role == Role::kUser);
}

TEST_CASE("Conversation: is bounded in bytes, answers included", "[inference]") {
  Conversation large;
  const absl::Status refused = large.Add(Open(std::string(Conversation::kMostBytes + 1, 'a')));
  CHECK(absl::IsResourceExhausted(refused));
  CHECK(GetReason(refused) == "payload_too_large");
  Conversation conversation;
  REQUIRE(conversation.Add(Open(std::string(Conversation::kMostBytes, 'a'))).ok());
  conversation.AddAnswer("b");
  CHECK(absl::IsResourceExhausted(conversation.Add(ChatInput(""))));
}

TEST_CASE("Conversation: is bounded in turns", "[inference]") {
  Conversation conversation;
  REQUIRE(conversation.Add(Open("hi")).ok());
  for (std::uint32_t i = 1; i < Conversation::kMostTurns; ++i) {
    conversation.AddAnswer("a");
    REQUIRE(conversation.Add(ChatInput("b")).ok());
  }
  conversation.AddAnswer("a");
  CHECK(absl::IsResourceExhausted(conversation.Add(ChatInput("b"))));
}

}  // namespace
}  // namespace countersign::edge::inference
