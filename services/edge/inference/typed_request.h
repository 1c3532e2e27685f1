#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// The requests of countersign.inference.v1.Inference, without their encoding.
namespace countersign::edge::inference {

enum class Role { kUnspecified, kSystem, kUser, kAssistant, kDeveloper };

struct Message {
  Role role = Role::kUnspecified;
  std::string text;  // UTF-8
};

struct Settings {
  std::string model;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::uint32_t> max_tokens;
  std::vector<std::string> stop;
  std::optional<std::int64_t> seed;
  std::string user;
};

struct Prompt {
  Settings settings;
  std::vector<Message> messages;
  std::uint32_t choices = 1;
};

// The APIs in which a connection can be asked.
enum class Api { kChatCompletions, kMessages };

// The body of a streamed request to `api` that says the same, so that every definition of what a
// prompt is applies to it. INVALID_ARGUMENT when something required is missing, a value is out of
// its range, or the API cannot say it; the message names the field.
//
// Anthropic's messages need a limit of tokens: without one it is kDefaultMaxTokens.
inline constexpr std::uint32_t kDefaultMaxTokens = 4096;
absl::StatusOr<std::string> WriteBody(const Prompt& prompt, Api api = Api::kChatCompletions);

}  // namespace countersign::edge::inference
