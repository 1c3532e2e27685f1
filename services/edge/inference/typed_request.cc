#include "services/edge/inference/typed_request.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"

namespace countersign::edge::inference {
namespace {

constexpr std::uint32_t kMostChoices = 128;

absl::string_view ToString(Role role) {
  switch (role) {
    case Role::kSystem: return "system";
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
    case Role::kDeveloper: return "developer";
    case Role::kUnspecified: break;
  }
  return "";
}

absl::Status CheckFinite(absl::string_view field, const std::optional<double>& value) {
  if (!value || std::isfinite(*value)) return absl::OkStatus();
  return InvalidField(absl::StrCat("settings.", field), "is not a finite number");
}

absl::Status Check(const Prompt& prompt) {
  if (prompt.settings.model.empty()) {
    return InvalidField("settings.model", "is missing");
  }
  CS_RETURN_IF_ERROR(CheckFinite("temperature", prompt.settings.temperature));
  CS_RETURN_IF_ERROR(CheckFinite("top_p", prompt.settings.top_p));
  if (prompt.choices > kMostChoices) {
    return InvalidField("choices", absl::StrCat("is above ", kMostChoices));
  }
  if (prompt.messages.empty()) return InvalidField("messages", "is empty");
  for (std::size_t i = 0; i < prompt.messages.size(); ++i) {
    if (!ToString(prompt.messages[i].role).empty()) continue;
    return InvalidField(absl::StrCat("messages[", i, "].role"), "is missing or unknown");
  }
  return absl::OkStatus();
}

void WriteMessages(const std::vector<Message>& messages, json::Writer& out) {
  out.Key("messages").BeginArray();
  for (const Message& message : messages) {
    out.BeginObject().Key("role").String(ToString(message.role));
    out.Key("content").String(message.text).EndObject();
  }
  out.EndArray();
}

void WriteSampling(const Settings& settings, absl::string_view stop_name, json::Writer& out) {
  if (settings.temperature) out.Key("temperature").Number(*settings.temperature);
  if (settings.top_p) out.Key("top_p").Number(*settings.top_p);
  if (settings.max_tokens) out.Key("max_tokens").Int(*settings.max_tokens);
  if (!settings.stop.empty()) {
    out.Key(stop_name).BeginArray();
    for (const std::string& stop : settings.stop) out.String(stop);
    out.EndArray();
  }
}

void WriteSettings(const Settings& settings, json::Writer& out) {
  WriteSampling(settings, "stop", out);
  if (settings.seed) out.Key("seed").Int(*settings.seed);
  if (!settings.user.empty()) out.Key("user").String(settings.user);
}

bool IsSystem(const Message& message) {
  return message.role == Role::kSystem || message.role == Role::kDeveloper;
}

// What Anthropic's API cannot say.
absl::Status CheckMessages(const Prompt& prompt) {
  const char kNone[] = "has no counterpart in Anthropic's API";
  if (prompt.settings.seed) return InvalidField("settings.seed", kNone);
  if (prompt.choices > 1) return InvalidField("choices", kNone);
  bool begun = false;
  for (std::size_t i = 0; i < prompt.messages.size(); ++i) {
    begun |= !IsSystem(prompt.messages[i]);
    if (!begun || !IsSystem(prompt.messages[i])) continue;
    return InvalidField(absl::StrCat("messages[", i, "].role"),
                        "must be user or assistant: in Anthropic's API, what the system says "
                        "comes first");
  }
  return begun ? absl::OkStatus() : InvalidField("messages", "needs one of a user or assistant");
}

absl::StatusOr<std::string> WriteMessagesBody(const Prompt& prompt) {
  CS_RETURN_IF_ERROR(CheckMessages(prompt));
  Settings settings = prompt.settings;
  if (!settings.max_tokens) settings.max_tokens = kDefaultMaxTokens;
  json::Writer out;
  out.BeginObject().Key("model").String(settings.model);
  std::vector<Message> messages = prompt.messages;
  const auto first = std::find_if_not(messages.begin(), messages.end(), IsSystem);
  if (first != messages.begin()) {
    out.Key("system").BeginArray();
    for (auto system = messages.begin(); system != first; ++system) {
      out.BeginObject().Key("type").String("text").Key("text").String(system->text).EndObject();
    }
    out.EndArray();
  }
  messages.erase(messages.begin(), first);
  WriteMessages(messages, out);
  WriteSampling(settings, "stop_sequences", out);
  if (!settings.user.empty()) {
    out.Key("metadata").BeginObject().Key("user_id").String(settings.user).EndObject();
  }
  return out.Key("stream").Bool(true).EndObject().str();
}

}  // namespace

absl::StatusOr<std::string> WriteBody(const Prompt& prompt, Api api) {
  CS_RETURN_IF_ERROR(Check(prompt));
  if (api == Api::kMessages) return WriteMessagesBody(prompt);
  json::Writer out;
  out.BeginObject().Key("model").String(prompt.settings.model);
  WriteMessages(prompt.messages, out);
  WriteSettings(prompt.settings, out);
  if (prompt.choices > 1) out.Key("n").Int(prompt.choices);
  out.Key("stream").Bool(true);
  out.Key("stream_options").BeginObject().Key("include_usage").Bool(true).EndObject();
  out.EndObject();
  return out.TakeString();
}

}  // namespace countersign::edge::inference
