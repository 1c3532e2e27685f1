#include "libs/dialects/openai/request.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/dialects/json_numbers.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {
namespace {

using json::Type;
using json::Value;

// Members whose strings identify or select; the model does not read them as text.
const absl::flat_hash_set<absl::string_view>& Selectors() {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>{
      "model",       "role",   "type",         "id",         "tool_call_id",
      "tool_choice", "detail", "service_tier", "modalities", "reasoning_effort",
      "verbosity",   "format", "voice",        "file_id",    "prompt_cache_key"};
  return names;
}

// Members whose names say nothing of the caller's.
const absl::flat_hash_set<absl::string_view>& KnownNames() {
  static const auto& names = *new absl::flat_hash_set<absl::string_view>{"messages",
                                                                         "content",
                                                                         "name",
                                                                         "text",
                                                                         "image_url",
                                                                         "url",
                                                                         "input_audio",
                                                                         "data",
                                                                         "file",
                                                                         "file_data",
                                                                         "filename",
                                                                         "refusal",
                                                                         "audio",
                                                                         "tool_calls",
                                                                         "function",
                                                                         "function_call",
                                                                         "arguments",
                                                                         "tools",
                                                                         "functions",
                                                                         "description",
                                                                         "parameters",
                                                                         "strict",
                                                                         "properties",
                                                                         "required",
                                                                         "items",
                                                                         "enum",
                                                                         "additionalProperties",
                                                                         "response_format",
                                                                         "json_schema",
                                                                         "schema",
                                                                         "stream",
                                                                         "stream_options",
                                                                         "include_usage",
                                                                         "include_obfuscation",
                                                                         "max_tokens",
                                                                         "max_completion_tokens",
                                                                         "temperature",
                                                                         "top_p",
                                                                         "n",
                                                                         "stop",
                                                                         "presence_penalty",
                                                                         "frequency_penalty",
                                                                         "logit_bias",
                                                                         "logprobs",
                                                                         "top_logprobs",
                                                                         "seed",
                                                                         "user",
                                                                         "safety_identifier",
                                                                         "metadata",
                                                                         "store",
                                                                         "parallel_tool_calls",
                                                                         "prediction",
                                                                         "web_search_options",
                                                                         "reasoning_content",
                                                                         "reasoning",
                                                                         "anyOf",
                                                                         "oneOf",
                                                                         "allOf",
                                                                         "$ref",
                                                                         "$defs",
                                                                         "title",
                                                                         "default",
                                                                         "minimum",
                                                                         "maximum"};
  return names;
}

constexpr absl::string_view kRoles[] = {"system", "user", "assistant", "tool", "function"};

constexpr absl::string_view kNumbers[] = {
    "max_tokens",       "max_completion_tokens", "n",           "temperature", "top_p", "seed",
    "presence_penalty", "frequency_penalty",     "top_logprobs"};

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

// True for bytes of an image, a sound or a document. Inline text is text.
bool IsInlineMedia(absl::string_view member, absl::string_view text) {
  return (member == "file_data" || member == "url") && absl::StartsWith(text, "data:") &&
         !absl::StartsWithIgnoreCase(text, "data:text") && !absl::StrContains(text, ' ');
}

// True for one word as identifiers and names of choices are: no room for a sentence.
bool IsIdentifier(absl::string_view text) {
  constexpr std::size_t kLongest = 64;
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("_-.:/+", c);
         });
}

class Reader {
 public:
  Reader(absl::string_view body, domain::Prompt& prompt, std::vector<TextPlace>& places)
      : body_(body), prompt_(prompt), places_(places) {}

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
    for (std::size_t i = 0; i < root.size(); ++i) {
      const absl::string_view key = root.key(i);
      if (key == "messages") {
        CS_RETURN_IF_ERROR(ReadMessages(root.at(i)));
      } else if (!IsParameter(key, root.at(i))) {
        ReadMember(key, root.at(i), "",
                   Frame{key == "tools" || key == "functions" || key == "response_format" ? "system"
                                                                                          : "user",
                         ""});
      }
    }
    return absl::OkStatus();
  }

 private:
  // A number that steers the model and that it does not read. Policies see it as a parameter.
  static bool IsParameter(absl::string_view key, const Value& value) {
    return value.is(Type::kNumber) &&
           std::find(std::begin(kNumbers), std::end(kNumbers), key) != std::end(kNumbers);
  }

  // What a text belongs to: whose it is, and the member that it stands in.
  struct Frame {
    absl::string_view role;
    absl::string_view member;
  };

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
    // Two names for one limit: a policy on either must see both.
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

  absl::Status ReadMessages(const Value& messages) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Value message = messages.at(i);
      const std::string pointer = absl::StrCat("/messages/", i);
      absl::string_view role = message["role"].text();
      if (role == "developer") role = "system";  // OpenAI's newer name for it
      const auto known = std::find(std::begin(kRoles), std::end(kRoles), role);
      if (!message.is(Type::kObject) || known == std::end(kRoles)) {
        return Invalid(absl::StrCat("messages[", i,
                                    "].role must be one of system, developer, user, assistant, "
                                    "tool, function"));
      }
      for (std::size_t k = 0; k < message.size(); ++k) {
        ReadMember(message.key(k), message.at(k), pointer, Frame{*known, ""});
      }
    }
    return absl::OkStatus();
  }

  void ReadMember(absl::string_view key, const Value& value, const std::string& parent,
                  Frame frame) {
    const std::string pointer =
        absl::StrCat(parent, "/", absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}}));
    const bool selects = Selectors().contains(key);
    if (!selects && !KnownNames().contains(key)) Add(frame.role, pointer, key, TextPlace{});
    if (selects && value.is(Type::kString) && IsIdentifier(value.text())) return;
    if (key == "data" && frame.member == "input_audio" && !absl::StrContains(value.text(), ' ')) {
      return;
    }
    frame.member = key;
    ReadValue(value, pointer, frame);
  }

  void ReadValue(const Value& value, const std::string& pointer, Frame frame) {
    if (value.is(Type::kString)) {
      if (IsInlineMedia(frame.member, value.text())) return;
      Add(frame.role, pointer, value.text(), TextPlace{value.begin(), value.end()});
    } else if (value.is(Type::kNumber) && !absl::StartsWith(pointer, "/logit_bias/")) {
      // A person's number is text, too; masked, it becomes a string.
      const absl::string_view literal = body_.substr(value.begin(), value.end() - value.begin());
      Add(frame.role, pointer, NumberText(literal), TextPlace{value.begin(), value.end()});
    } else if (value.is(Type::kArray)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        ReadValue(value.at(i), absl::StrCat(pointer, "/", i), frame);
      }
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        ReadMember(value.key(i), value.at(i), pointer, frame);
      }
    }
  }

  void Add(absl::string_view role, const std::string& pointer, absl::string_view text,
           TextPlace place) {
    if (text.empty()) return;
    prompt_.parts.push_back(domain::TextPart{std::string(role), pointer, std::string(text)});
    places_.push_back(place);
  }

  const absl::string_view body_;
  domain::Prompt& prompt_;
  std::vector<TextPlace>& places_;
};

// Asks the upstream to say what a stream used; without it the record would not know.
absl::Status RequestUsage(const Value& root, ReadCall& call) {
  const Value options = root["stream_options"];
  if (options.exists() && !options.is(Type::kObject) && !options.is(Type::kNull)) {
    return Invalid("\"stream_options\" must be an object");
  }
  if (options.is(Type::kObject)) {
    const Value include = options["include_usage"];
    if (include.exists() && !include.is(Type::kBool) && !include.is(Type::kNull)) {
      return Invalid("\"include_usage\" must be true or false");
    }
    if (include.boolean().value_or(false)) return absl::OkStatus();
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
  return absl::OkStatus();
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
  const absl::StatusOr<json::Document> document = json::Document::Parse(request.body);
  if (!document.ok()) {
    return Invalid(absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = "chat.completions";
  CS_RETURN_IF_ERROR(Reader(request.body, prompt, call.places).ReadRoot(document->root()));
  if (prompt.stream) CS_RETURN_IF_ERROR(RequestUsage(document->root(), call));
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = "POST";
  call.body = request.body;
  return call;
}

}  // namespace countersign::dialects::openai
