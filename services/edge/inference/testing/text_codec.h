#pragma once

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/edge/inference/codec.h"

namespace countersign::edge::inference::testing {

// Messages that a test can read. A prompt is the text of its only message, after "N: " for N
// choices; "bad" cannot be read. Chat is opened with "open TEXT"; all else is the user's. An event
// is a line.
class TextCodec final : public Codec {
 public:
  absl::StatusOr<Prompt> ReadGenerate(absl::string_view bytes,
                                      grpc_calls::MessageForm) const override {
    if (bytes == "bad") return absl::InvalidArgumentError("not a request");
    Prompt prompt;
    prompt.settings.model = "gpt-4o";
    const std::size_t colon = bytes.find(": ");
    if (colon != absl::string_view::npos &&
        absl::SimpleAtoi(bytes.substr(0, colon), &prompt.choices)) {
      bytes.remove_prefix(colon + 2);
    }
    prompt.messages = {{Role::kUser, std::string(bytes)}};
    return prompt;
  }
  absl::StatusOr<ChatInput> ReadChat(absl::string_view bytes,
                                     grpc_calls::MessageForm form) const override {
    if (!absl::ConsumePrefix(&bytes, "open ")) return ChatInput(std::string(bytes));
    absl::StatusOr<Prompt> prompt = ReadGenerate(bytes, form);
    if (!prompt.ok()) return prompt.status();
    return ChatInput(*std::move(prompt));
  }

  std::string WriteGenerate(const Event& event, grpc_calls::MessageForm) const override {
    return absl::StrCat(std::visit(Writer(), event), "\n");
  }
  std::string WriteChat(const Event& event, std::uint32_t turn,
                        grpc_calls::MessageForm form) const override {
    return absl::StrCat(turn, ". ", WriteGenerate(event, form));
  }

 private:
  struct Writer {
    static std::string Name(std::uint32_t choice, TextKind kind) {
      constexpr absl::string_view kNames[] = {"answer", "refusal", "reasoning"};
      return absl::StrCat(kNames[static_cast<int>(kind)], " ", choice);
    }
    std::string operator()(const Started& event) const {
      return event.session_id.empty() ? "started without a session" : "started";
    }
    std::string operator()(const Decided& event) const {
      return absl::StrCat("decided: ", domain::ToString(event.verdict));
    }
    std::string operator()(const Held& event) const {
      return absl::StrCat("held: ", event.review_id);
    }
    std::string operator()(const Approved& event) const {
      return absl::StrCat("approved: ", event.review_id, " by ",
                          absl::StrJoin(event.approvers, ", "));
    }
    std::string operator()(const TextDelta& event) const {
      return absl::StrCat(Name(event.choice, event.kind), ": ", event.text);
    }
    std::string operator()(const ToolCallDelta& event) const {
      return absl::StrCat("tool ", event.choice, "/", event.index, ": ", event.id, " ", event.name,
                          " ", event.arguments);
    }
    std::string operator()(const Masked& event) const {
      return absl::StrCat("masked ", Name(event.choice, event.kind), ": ", event.entity, " ",
                          event.begin, "-", event.end);
    }
    std::string operator()(const Finished& event) const {
      return absl::StrCat("finished ", event.choice, ": ", event.reason);
    }
    std::string operator()(const Usage& event) const {
      return absl::StrCat("usage: ", event.input_tokens, " ", event.output_tokens);
    }
    std::string operator()(const Completed&) const { return "end"; }
  };
};

}  // namespace countersign::edge::inference::testing
