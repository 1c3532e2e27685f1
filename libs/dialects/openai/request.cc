#include "libs/dialects/openai/request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/request_schema.h"
#include "libs/dialects/openai/requests/json_request.h"
#include "libs/dialects/openai/requests/stream_usage.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {
namespace {

using json::Type;
using json::Value;

constexpr absl::string_view kNumbers[] = {
    "max_tokens",       "max_completion_tokens", "n",           "temperature", "top_p", "seed",
    "presence_penalty", "frequency_penalty",     "top_logprobs"};

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Reads the members that the gateway itself needs, and rejects invalid requests.
class Reader {
 public:
  explicit Reader(domain::Prompt& prompt) : prompt_(prompt) {}

  absl::Status ReadRoot(const Value& root) {
    CS_RETURN_IF_ERROR(requests::ReadModel(root, prompt_));
    if (!root["messages"].is(Type::kArray)) return Invalid("\"messages\" must be an array");
    CS_RETURN_IF_ERROR(requests::ReadStream(root, prompt_));
    CS_RETURN_IF_ERROR(requests::ReadNumbers(root, kNumbers, prompt_));
    ReadLimit();
    ReadToolNames(root["tools"]);
    ReadToolNames(root["functions"]);
    return CheckMessages(root["messages"]);
  }

 private:
  void ReadLimit() {
    // Two names for one limit: policies for either must see it.
    auto& parameters = prompt_.parameters;
    const auto old_name = parameters.find("max_tokens");
    const auto new_name = parameters.find("max_completion_tokens");
    if (old_name == parameters.end() && new_name == parameters.end()) return;
    const double limit =
        std::max(old_name == parameters.end() ? new_name->second : old_name->second,
                 new_name == parameters.end() ? old_name->second : new_name->second);
    parameters["max_tokens"] = limit;
    parameters["max_completion_tokens"] = limit;
  }

  void ReadToolNames(const Value& tools) {
    for (std::size_t i = 0; i < tools.size(); ++i) {
      const Value tool = tools.at(i);
      const Value name = tool["function"]["name"];
      const Value plain = tool["name"];
      if (name.is(Type::kString)) {
        prompt_.tools.emplace_back(name.text());
      } else if (plain.is(Type::kString)) {
        prompt_.tools.emplace_back(plain.text());
      }
    }
  }

  // Servers have more roles than OpenAI documents ("ipython"). Policies look at texts of an unknown
  // role whichever roles they name.
  static absl::Status CheckMessages(const Value& messages) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (messages.at(i)["role"].text().empty()) {
        return Invalid(absl::StrCat("messages[", i, "].role must be a string that names a role"));
      }
    }
    return absl::OkStatus();
  }

  domain::Prompt& prompt_;
};

}  // namespace

absl::StatusOr<ReadCall> ReadChatCompletion(const IncomingRequest& request) {
  ReadCall call;
  CS_ASSIGN_OR_RETURN(call.body, requests::ReadBody(request));
  CS_ASSIGN_OR_RETURN(const json::Document document, requests::ParseObject(call.body));
  domain::Prompt prompt;
  prompt.operation = "chat.completions";
  CS_RETURN_IF_ERROR(Reader(prompt).ReadRoot(document.root()));
  if (prompt.stream) CS_RETURN_IF_ERROR(requests::RequestUsage(request, document.root(), call));
  requests::Divide(ChatCompletionSchema(), document.root(), std::move(prompt), call);
  call.upstream_path = "/chat/completions";
  return call;
}

}  // namespace countersign::dialects::openai
