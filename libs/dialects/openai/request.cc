#include "libs/dialects/openai/request.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/byte_order_mark.h"
#include "libs/dialects/members/partition.h"
#include "libs/dialects/openai/request_schema.h"
#include "libs/json/any_json.h"
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
    if (!root.is(Type::kObject)) return Invalid("the body must be a JSON object");
    if (!root["model"].is(Type::kString) || root["model"].text().empty()) {
      return Invalid("\"model\" must be a string that names a model");
    }
    if (!root["messages"].is(Type::kArray)) return Invalid("\"messages\" must be an array");
    const Value stream = root["stream"];
    if (stream.exists() && !stream.is(Type::kNull) && !stream.is(Type::kBool)) {
      return Invalid("\"stream\" must be true or false");
    }
    prompt_.model = std::string(root["model"].text());
    prompt_.stream = stream.boolean().value_or(false);
    CS_RETURN_IF_ERROR(ReadNumbers(root));
    ReadToolNames(root["tools"]);
    ReadToolNames(root["functions"]);
    return CheckMessages(root["messages"]);
  }

 private:
  absl::Status ReadNumbers(const Value& root) {
    for (std::size_t i = 0; i < root.size(); ++i) {
      const Value value = root.at(i);
      const absl::string_view key = root.key(i);
      if (const auto number = value.number()) {
        prompt_.parameters[std::string(key)] = *number;
      } else if (!value.is(Type::kNull) &&
                 std::find(std::begin(kNumbers), std::end(kNumbers), key) != std::end(kNumbers)) {
        return Invalid(absl::StrCat("\"", key, "\" must be a number"));
      }
    }
    // Two names for one limit: policies for either must see it.
    auto& parameters = prompt_.parameters;
    const auto old_name = parameters.find("max_tokens");
    const auto new_name = parameters.find("max_completion_tokens");
    if (old_name == parameters.end() && new_name == parameters.end()) return absl::OkStatus();
    const double limit =
        std::max(old_name == parameters.end() ? new_name->second : old_name->second,
                 new_name == parameters.end() ? old_name->second : new_name->second);
    parameters["max_tokens"] = limit;
    parameters["max_completion_tokens"] = limit;
    return absl::OkStatus();
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

absl::Status CheckStreamOptions(const Value& options) {
  if (options.exists() && !options.is(Type::kObject) && !options.is(Type::kNull)) {
    return Invalid("\"stream_options\" must be an object");
  }
  const Value include = options["include_usage"];
  if (include.exists() && !include.is(Type::kBool) && !include.is(Type::kNull)) {
    return Invalid("\"include_usage\" must be true or false");
  }
  return absl::OkStatus();
}

// Asks the upstream to report the usage of a stream, so that the record has it exactly.
void RequestUsage(const Value& root, ReadCall& call) {
  const Value options = root["stream_options"];
  if (options.is(Type::kObject)) {
    const Value include = options["include_usage"];
    if (include.boolean().value_or(false)) return;
    if (include.exists()) {
      call.additions.push_back(Edit{include.begin(), include.end(), "true"});
    } else {
      call.additions.push_back(
          Edit{options.begin() + 1, options.begin() + 1,
               absl::StrCat("\"include_usage\":true", options.size() > 0 ? "," : "")});
    }
  } else if (options.exists()) {
    call.additions.push_back(Edit{options.begin(), options.end(), "{\"include_usage\":true}"});
  } else {
    call.additions.push_back(
        Edit{root.begin() + 1, root.begin() + 1, "\"stream_options\":{\"include_usage\":true},"});
  }
  call.hide_usage = true;
}

}  // namespace

absl::StatusOr<ReadCall> ReadChatCompletion(const IncomingRequest& request) {
  const absl::string_view encoding = [&] {
    for (const auto& [name, value] : request.headers) {
      if (absl::EqualsIgnoreCase(name, "content-encoding")) return absl::string_view(value);
    }
    return absl::string_view();
  }();
  if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity")) {
    return Invalid(absl::StrCat("content-encoding ", encoding, " is not supported"));
  }
  ReadCall call;
  call.body = std::string(absl::StripPrefix(request.body, kByteOrderMark));
  const absl::StatusOr<json::Document> document =
      json::ParseAnyJson(call.body, json::BodyLimits(call.body.size()));
  if (!document.ok()) {
    return Invalid(absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  domain::Prompt prompt;
  prompt.operation = "chat.completions";
  CS_RETURN_IF_ERROR(Reader(prompt).ReadRoot(document->root()));
  members::Partition parts = members::Divide(ChatCompletionSchema(), document->root(), call.body);
  prompt.parts = std::move(parts.texts);
  prompt.media = std::move(parts.media);
  prompt.members = std::move(parts.plain);
  call.places = std::move(parts.places);
  if (prompt.stream) {
    CS_RETURN_IF_ERROR(CheckStreamOptions(document->root()["stream_options"]));
    if (request.ask_for_usage) RequestUsage(document->root(), call);
  }
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = "POST";
  return call;
}

}  // namespace countersign::dialects::openai
