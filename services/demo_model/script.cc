#include "services/demo_model/script.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::demo_model {
namespace {

constexpr std::size_t kMostPieceBytes = 4096;

// Numbers for tests: valid check digits, assigned to nobody.
constexpr char kSecrets[] = "card 4111 1111 1111 1111, SSN 536-90-4399, contract PRJ-2291";

// A message's text: its string, or the text parts of its list.
std::string ReadText(json::Value content) {
  if (content.is(json::Type::kString)) return std::string(content.text());
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    absl::StrAppend(&text, content.at(i)["text"].text());
  }
  return text;
}

std::string After(absl::string_view text, absl::string_view lower, absl::string_view cue) {
  const std::size_t at = lower.find(cue);
  return at == absl::string_view::npos ? "" : std::string(text.substr(at + cue.size()));
}

}  // namespace

absl::StatusOr<ChatRequest> ReadChatRequest(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value root = document.root();
  ChatRequest request;
  request.model = std::string(root["model"].text());
  if (request.model.empty()) return absl::InvalidArgumentError("you must name a model");
  if (root["messages"].size() == 0) return absl::InvalidArgumentError("there are no messages");
  const text::tokens::Tokenizer& tokenizer = text::tokens::Tokenizer::ForModel(request.model);
  for (std::size_t i = 0; i < root["messages"].size(); ++i) {
    const json::Value message = root["messages"].at(i);
    const std::string text = ReadText(message["content"]);
    request.prompt_tokens += tokenizer.Count(text);
    if (message["role"].text() == "user") request.prompt = text;
  }
  request.stream = root["stream"].boolean().value_or(false);
  request.include_usage = root["stream_options"]["include_usage"].boolean().value_or(false);
  request.logprobs = root["logprobs"].boolean().value_or(false);
  request.choices =
      static_cast<int>(std::clamp<std::int64_t>(root["n"].integer().value_or(1), 1, 8));
  for (std::size_t i = 0; i < root["tools"].size(); ++i) {
    request.tools.emplace_back(root["tools"].at(i)["function"]["name"].text());
  }
  return request;
}

Answer ChooseAnswer(const ChatRequest& request) {
  const std::string lower = absl::AsciiStrToLower(request.prompt);
  Answer answer;
  if (absl::StrContains(lower, "fail with ")) {
    const std::string rest = After(lower, lower, "fail with ");
    if (!absl::SimpleAtoi(rest.substr(0, 3), &answer.fail_with) || answer.fail_with < 400) {
      answer.fail_with = 500;
    }
  } else if (absl::StrContains(lower, "say exactly: ")) {
    answer.content = After(request.prompt, lower, "say exactly: ");
    const std::string size = After(lower, lower, "in pieces of ");
    const std::size_t digits = std::min(size.find(' '), size.size());
    std::size_t bytes = 0;
    if (absl::SimpleAtoi(size.substr(0, digits), &bytes) && bytes > 0) {
      answer.piece_bytes = std::min(bytes, kMostPieceBytes);
    }
  } else if (absl::StrContains(lower, "shout: ")) {
    answer.content = absl::StrReplaceAll(
        absl::AsciiStrToUpper(After(request.prompt, lower, "shout: ")), {{"_", " "}});
  } else if (absl::StrContains(lower, "call with: ") && !request.tools.empty()) {
    answer.tool = request.tools.front();
    answer.tool_arguments = After(request.prompt, lower, "call with: ");
  } else if (absl::StrContains(lower, "think about")) {
    answer.reasoning = absl::StrCat("The file says: ", kSecrets, ". I should not repeat it.");
    answer.content = "I have thought about it.";
  } else if (absl::StrContains(lower, "customer file")) {
    answer.content =
        absl::StrCat("The customer is Jane Doe: ", kSecrets, ". Is there anything else?");
  } else if (absl::StrContains(lower, "decline")) {
    answer.refusal = "I will not talk about card 4111 1111 1111 1111.";
  } else if (absl::StrContains(lower, "weather") && !request.tools.empty()) {
    answer.tool = request.tools.front();
    answer.tool_arguments = R"({"city":"Oslo","card":"4111 1111 1111 1111","days":3})";
  } else if (absl::StrContains(lower, "break off")) {
    answer.content = "This answer will not come to its";
    answer.break_after = 4;
  } else if (absl::StrContains(lower, "count")) {
    answer.content = "one two three four five six seven eight nine ten ";
    answer.until_left = true;
  } else {
    answer.content = absl::StrCat("This is the demo model. Your prompt has ", request.prompt.size(),
                                  " characters.");
  }
  return answer;
}

std::vector<std::string> Pieces(absl::string_view text, std::size_t bytes) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    std::size_t size = std::min(bytes, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    pieces.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

}  // namespace countersign::demo_model
