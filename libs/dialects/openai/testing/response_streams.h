#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/dialect.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai::testing {

// Opens the answer to a call of `operation`.
inline std::unique_ptr<AnswerReader> OpenAnswer(const std::string& operation, bool stream,
                                                const AnswerOptions& options = AnswerOptions(),
                                                int status = 200) {
  static const OpenAiDialect dialect;
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = operation;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return dialect.OpenAnswer(
      call, AnswerHead{status, stream ? "text/event-stream" : "application/json"}, options);
}

// Writes the events of a response as OpenAI's servers do: numbered, with every copy of a text.
class ResponseWriter {
 public:
  const std::string& bytes() const { return bytes_; }

  void Event(absl::string_view type, absl::string_view members) {
    absl::StrAppend(
        &bytes_, sse::FormatEvent(absl::StrCat("{\"type\":\"", type, "\",\"sequence_number\":",
                                               number_++, members.empty() ? "" : ",", members, "}"),
                                  type));
  }

  void Begin() {
    Event("response.created", absl::StrCat("\"response\":", Response("in_progress")));
    Event("response.in_progress", absl::StrCat("\"response\":", Response("in_progress")));
  }

  // A message with one text, in these pieces.
  void Message(const std::vector<std::string>& pieces) {
    const std::string at = Place("msg_", ",\"content_index\":0");
    Event("response.output_item.added",
          absl::StrCat("\"output_index\":", items_.size(), ",\"item\":", MessageItem("", false)));
    Event("response.content_part.added", absl::StrCat(at, ",\"part\":", TextPart("")));
    std::string text;
    for (const std::string& piece : pieces) {
      text += piece;
      Event("response.output_text.delta",
            absl::StrCat(at, ",\"delta\":", json::Quote(piece), ",\"logprobs\":[]"));
    }
    Event("response.output_text.done",
          absl::StrCat(at, ",\"text\":", json::Quote(text), ",\"logprobs\":[]"));
    Event("response.content_part.done", absl::StrCat(at, ",\"part\":", TextPart(text)));
    EndItem(MessageItem(text, true));
  }

  // A call of a function, whose arguments come in these pieces.
  void Call(const std::vector<std::string>& pieces) {
    const std::string at = Place("fc_", "");
    Event("response.output_item.added",
          absl::StrCat("\"output_index\":", items_.size(), ",\"item\":", CallItem("")));
    std::string arguments;
    for (const std::string& piece : pieces) {
      arguments += piece;
      Event("response.function_call_arguments.delta",
            absl::StrCat(at, ",\"delta\":", json::Quote(piece)));
    }
    Event("response.function_call_arguments.done",
          absl::StrCat(at, ",\"arguments\":", json::Quote(arguments)));
    EndItem(CallItem(arguments));
  }

  void Complete() {
    Event("response.completed", absl::StrCat("\"response\":", Response("completed")));
  }

  std::string Response(absl::string_view status) const {
    std::string items;
    for (const std::string& item : items_) absl::StrAppend(&items, items.empty() ? "" : ",", item);
    return absl::StrCat(
        R"({"id":"resp_68a1c0ffee12","object":"response","created_at":1760000000,"status":")",
        status, R"(","error":null,"model":"gpt-5","output":[)", items,
        R"(],"usage":{"input_tokens":11,"input_tokens_details":{"cached_tokens":3},)",
        R"("output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":18}})");
  }

 private:
  std::string Place(absl::string_view prefix, absl::string_view more) const {
    return absl::StrCat("\"item_id\":\"", prefix, items_.size(),
                        "a1c0ffee12\",\"output_index\":", items_.size(), more);
  }
  static std::string TextPart(absl::string_view text) {
    return absl::StrCat(R"({"type":"output_text","annotations":[],"logprobs":[],"text":)",
                        json::Quote(text), "}");
  }
  std::string MessageItem(absl::string_view text, bool done) const {
    return absl::StrCat(R"({"id":"msg_)", items_.size(),
                        R"(a1c0ffee12","type":"message","role":"assistant","content":[)",
                        done ? TextPart(text) : "", "]}");
  }
  std::string CallItem(absl::string_view arguments) const {
    return absl::StrCat(
        R"({"id":"fc_)", items_.size(),
        R"(a1c0ffee12","type":"function_call","name":"look","call_id":"call_1a2b3c4d",)",
        R"("arguments":)", json::Quote(arguments), "}");
  }
  void EndItem(std::string item) {
    Event("response.output_item.done",
          absl::StrCat("\"output_index\":", items_.size(), ",\"item\":", item));
    items_.push_back(std::move(item));
  }

  std::string bytes_;
  std::int64_t number_ = 0;
  std::vector<std::string> items_;
};

}  // namespace countersign::dialects::openai::testing
