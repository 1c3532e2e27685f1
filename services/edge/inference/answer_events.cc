#include "services/edge/inference/answer_events.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "libs/json/any_json.h"

namespace countersign::edge::inference {
namespace {

// Callers cannot ask for more. Of others the places of masked spans are not known.
constexpr std::uint32_t kMostChoices = 128;

// The members of a message with text that a model wrote for people.
constexpr std::pair<absl::string_view, TextKind> kTexts[] = {
    {"reasoning_content", TextKind::kReasoning},
    {"reasoning", TextKind::kReasoning},
    {"content", TextKind::kAnswer},
    {"refusal", TextKind::kRefusal},
};

std::optional<TextKind> FindKind(absl::string_view name) {
  for (const auto& [member, kind] : kTexts) {
    if (member == name) return kind;
  }
  return std::nullopt;
}

// The text that a dialect's field names: "choices/0/content".
std::optional<std::pair<std::uint32_t, TextKind>> ReadField(absl::string_view field) {
  if (absl::ConsumePrefix(&field, "content/")) {  // of Anthropic's API: "content/2/text"
    if (absl::EndsWith(field, "text")) return std::make_pair(0u, TextKind::kAnswer);
    if (absl::EndsWith(field, "/thinking")) return std::make_pair(0u, TextKind::kReasoning);
    return std::nullopt;
  }
  if (!absl::ConsumePrefix(&field, "choices/")) return std::nullopt;
  const std::size_t slash = field.find('/');
  std::uint32_t choice = 0;
  if (slash == absl::string_view::npos || !absl::SimpleAtoi(field.substr(0, slash), &choice)) {
    return std::nullopt;
  }
  const std::optional<TextKind> kind = FindKind(field.substr(slash + 1));
  if (!kind) return std::nullopt;
  return std::make_pair(choice, *kind);
}

std::uint64_t ReadCount(const json::Value& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value.integer().value_or(0), 0));
}

}  // namespace

void AnswerEvents::AddStreamed(const dialects::Delivery& piece, std::vector<Event>& events) {
  const auto before = delivered_;
  std::vector<dialects::sse::Event> blocks;
  if (!parser_.Feed(piece.bytes, blocks).ok()) return;
  for (const dialects::sse::Event& block : blocks) {
    if (block.has_data) AddJson(block.data, "delta", events);
  }
  AddMasked(piece, before, events);
}

void AnswerEvents::AddDocument(const dialects::Delivery& piece, std::vector<Event>& events) {
  const auto before = delivered_;
  AddJson(piece.bytes, "message", events);
  AddMasked(piece, before, events);
}

void AnswerEvents::AddJson(absl::string_view json, absl::string_view texts,
                           std::vector<Event>& events) {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(json);
  if (!document.ok()) return;  // the final marker
  const json::Value root = document->root();
  if (const json::Value error = root["error"]; error.exists() && !error.is(json::Type::kNull)) {
    failed_ = true;
    failure_ = std::string(error.is(json::Type::kString) ? error.text() : error["message"].text());
    return;
  }
  if (api_ == Api::kMessages) return AddMessageEvent(root, events);
  const json::Value choices = root["choices"];
  for (std::size_t i = 0; i < choices.size(); ++i) {
    AddChoice(choices.at(i), texts, static_cast<std::uint32_t>(i), events);
  }
  if (const json::Value usage = root["usage"]; usage.is(json::Type::kObject)) {
    events.emplace_back(
        Usage{ReadCount(usage["prompt_tokens"]), ReadCount(usage["completion_tokens"])});
  }
}

void AnswerEvents::AddChoice(const json::Value& choice, absl::string_view texts,
                             std::uint32_t position, std::vector<Event>& events) {
  const std::int64_t index = choice["index"].integer().value_or(position);
  if (index < 0 || index > std::numeric_limits<std::uint32_t>::max()) return;
  const auto number = static_cast<std::uint32_t>(index);
  AddTexts(choice[texts], number, events);
  AddToolCalls(choice[texts]["tool_calls"], number, events);
  // Some servers send "" while the choice goes on.
  if (const absl::string_view reason = choice["finish_reason"].text(); !reason.empty()) {
    events.emplace_back(Finished{number, std::string(reason)});
  }
}

void AnswerEvents::AddTexts(const json::Value& message, std::uint32_t choice,
                            std::vector<Event>& events) {
  for (const auto& [member, kind] : kTexts) {
    AddText(message[member].text(), choice, kind, events);
  }
}

void AnswerEvents::AddText(absl::string_view text, std::uint32_t choice, TextKind kind,
                           std::vector<Event>& events) {
  if (text.empty()) return;
  if (choice < kMostChoices) delivered_[{choice, kind}] += text.size();
  const bool kept = choice == 0 && kind == TextKind::kAnswer && text_.size() <= kMostText;
  if (kept) text_.append(text.data(), text.size());
  events.emplace_back(TextDelta{choice, kind, std::string(text)});
}

// One event of Anthropic's API, or a whole message. It has one choice.
void AnswerEvents::AddMessageEvent(const json::Value& root, std::vector<Event>& events) {
  const absl::string_view type = root["type"].text();
  const std::int64_t index = root["index"].integer().value_or(0);
  const auto number = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(index, 0, std::numeric_limits<std::uint32_t>::max()));
  if (type == "message") {
    AddMessage(root, events);
  } else if (type == "message_start") {
    AddMessage(root["message"], events);
  } else if (type == "content_block_start") {
    AddBlock(root["content_block"], number, events);
  } else if (type == "content_block_delta") {
    const json::Value delta = root["delta"];
    AddText(delta["text"].text(), 0, TextKind::kAnswer, events);
    AddText(delta["thinking"].text(), 0, TextKind::kReasoning, events);
    const absl::string_view arguments = delta["partial_json"].text();
    if (!arguments.empty()) {
      events.emplace_back(ToolCallDelta{0, number, "", "", std::string(arguments)});
    }
  } else if (type == "message_delta") {
    const absl::string_view reason = root["delta"]["stop_reason"].text();
    if (!reason.empty()) events.emplace_back(Finished{0, std::string(reason)});
    events.emplace_back(Usage{input_tokens_, ReadCount(root["usage"]["output_tokens"])});
  }
}

void AnswerEvents::AddMessage(const json::Value& message, std::vector<Event>& events) {
  const json::Value usage = message["usage"];
  input_tokens_ = ReadCount(usage["input_tokens"]) +
                  ReadCount(usage["cache_creation_input_tokens"]) +
                  ReadCount(usage["cache_read_input_tokens"]);
  const json::Value content = message["content"];
  for (std::size_t i = 0; i < content.size(); ++i) {
    AddBlock(content.at(i), static_cast<std::uint32_t>(i), events);
  }
  const absl::string_view reason = message["stop_reason"].text();
  if (reason.empty()) return;
  events.emplace_back(Finished{0, std::string(reason)});
  events.emplace_back(Usage{input_tokens_, ReadCount(usage["output_tokens"])});
}

void AnswerEvents::AddBlock(const json::Value& block, std::uint32_t index,
                            std::vector<Event>& events) {
  AddText(block["text"].text(), 0, TextKind::kAnswer, events);
  AddText(block["thinking"].text(), 0, TextKind::kReasoning, events);
  if (block["type"].text() != "tool_use") return;
  events.emplace_back(ToolCallDelta{0, index, std::string(block["id"].text()),
                                    std::string(block["name"].text()), ""});
}

void AnswerEvents::AddToolCalls(const json::Value& calls, std::uint32_t choice,
                                std::vector<Event>& events) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const json::Value call = calls.at(i);
    const auto position = static_cast<std::int64_t>(i);
    const std::int64_t index = call["index"].integer().value_or(position);
    if (index < 0 || index > std::numeric_limits<std::uint32_t>::max()) continue;
    const json::Value function = call["function"];
    events.emplace_back(ToolCallDelta{
        choice, static_cast<std::uint32_t>(index), std::string(call["id"].text()),
        std::string(function["name"].text()), std::string(function["arguments"].text())});
  }
}

void AnswerEvents::AddMasked(const dialects::Delivery& piece,
                             const std::map<Text, std::uint64_t>& before,
                             std::vector<Event>& events) const {
  for (const domain::DeliveredSpan& masked : piece.masked) {
    const std::optional<Text> text = ReadField(masked.field);
    if (!text || text->first >= kMostChoices) continue;
    const auto known = before.find(*text);
    const std::uint64_t base = known == before.end() ? 0 : known->second;
    events.emplace_back(Masked{text->first, text->second, masked.span.entity,
                               base + masked.span.begin, base + masked.span.end});
  }
}

}  // namespace countersign::edge::inference
