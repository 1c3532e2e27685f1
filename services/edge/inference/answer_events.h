#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/sse/parser.h"
#include "libs/json/document.h"
#include "services/edge/inference/event.h"
#include "services/edge/inference/typed_request.h"

namespace countersign::edge::inference {

// Reads the pieces of an answer of `api`, as its caller over HTTP gets them, into events. The
// answer is masked already; what of it is no text of a choice is left out. Not thread-safe.
class AnswerEvents {
 public:
  explicit AnswerEvents(std::size_t max_event_bytes, Api api = Api::kChatCompletions)
      : api_(api), parser_(max_event_bytes) {}

  // Appends the events of the next piece: of a stream, or a whole document.
  void AddStreamed(const dialects::Delivery& piece, std::vector<Event>& events);
  void AddDocument(const dialects::Delivery& piece, std::vector<Event>& events);

  // The first choice's answer so far. After more than kMostText bytes nothing is added, because an
  // answer may be endless.
  static constexpr std::size_t kMostText = 4u << 20;
  const std::string& text() const { return text_; }

  // What the model's server has reported as an error in the answer; "" if nothing, or no words.
  bool failed() const { return failed_; }
  const std::string& failure() const { return failure_; }

 private:
  using Text = std::pair<std::uint32_t, TextKind>;

  void AddJson(absl::string_view json, absl::string_view texts, std::vector<Event>& events);
  void AddChoice(const json::Value& choice, absl::string_view texts, std::uint32_t position,
                 std::vector<Event>& events);
  void AddMessageEvent(const json::Value& root, std::vector<Event>& events);
  void AddMessage(const json::Value& message, std::vector<Event>& events);
  void AddBlock(const json::Value& block, std::uint32_t index, std::vector<Event>& events);
  void AddText(absl::string_view text, std::uint32_t choice, TextKind kind,
               std::vector<Event>& events);
  void AddTexts(const json::Value& message, std::uint32_t choice, std::vector<Event>& events);
  static void AddToolCalls(const json::Value& calls, std::uint32_t choice,
                           std::vector<Event>& events);
  void AddMasked(const dialects::Delivery& piece, const std::map<Text, std::uint64_t>& before,
                 std::vector<Event>& events) const;

  const Api api_;
  dialects::sse::Parser parser_;
  std::uint64_t input_tokens_ = 0;           // of a message of Anthropic's API
  std::map<Text, std::uint64_t> delivered_;  // bytes
  std::string text_;
  bool failed_ = false;
  std::string failure_;
};

}  // namespace countersign::edge::inference
