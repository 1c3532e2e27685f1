#include "libs/dialects/openai/responses/request.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/requests/json_request.h"
#include "libs/dialects/openai/requests/resource_id.h"
#include "libs/dialects/openai/responses/request_schema.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai::responses {
namespace {

using json::Type;
using json::Value;

constexpr absl::string_view kRoot = "/v1/responses";
constexpr absl::string_view kNumbers[] = {"max_output_tokens", "max_tool_calls", "temperature",
                                          "top_p", "top_logprobs"};

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

// The names of the tools that the model may call, or the kinds of those that the provider runs.
void ReadTools(const Value& tools, domain::Prompt& prompt) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    for (const absl::string_view member : {"name", "server_label", "type"}) {
      const Value name = tools.at(i)[member];
      if (!name.is(Type::kString)) continue;
      prompt.tools.emplace_back(name.text());
      break;
    }
  }
}

// Policies for any of the three names of this limit must see it.
void NameLimit(domain::Prompt& prompt) {
  const auto limit = prompt.parameters.find("max_output_tokens");
  if (limit == prompt.parameters.end()) return;
  const double most = limit->second;
  prompt.parameters["max_tokens"] = most;
  prompt.parameters["max_completion_tokens"] = most;
}

absl::Status ReadRoot(const Value& root, domain::Prompt& prompt) {
  CS_RETURN_IF_ERROR(requests::ReadModel(root, prompt));
  const Value input = root["input"];
  if (input.exists() && !input.is(Type::kString) && !input.is(Type::kArray) &&
      !input.is(Type::kNull)) {
    return Invalid("\"input\" must be a string or an array");
  }
  CS_RETURN_IF_ERROR(requests::ReadStream(root, prompt));
  CS_RETURN_IF_ERROR(requests::ReadNumbers(root, kNumbers, prompt));
  NameLimit(prompt);
  ReadTools(root["tools"], prompt);
  return absl::OkStatus();
}

absl::StatusOr<ReadCall> ReadPrompt(const IncomingRequest& request, absl::string_view operation) {
  ReadCall call;
  CS_ASSIGN_OR_RETURN(call.body, requests::ReadBody(request));
  CS_ASSIGN_OR_RETURN(const json::Document document, requests::ParseObject(call.body));
  domain::Prompt prompt;
  prompt.operation = std::string(operation);
  CS_RETURN_IF_ERROR(ReadRoot(document.root(), prompt));
  requests::Divide(ResponsesSchema(), document.root(), std::move(prompt), call);
  return call;
}

// The answer to a resumed stream would begin in the middle of its texts, where nobody can say what
// they were part of.
absl::Status CheckQuery(absl::string_view query, domain::Prompt& prompt) {
  for (const absl::string_view parameter : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    if (parts.first == "stream") prompt.stream = parts.second == "true";
    if (parts.first == "starting_after") {
      return Invalid(
          "\"starting_after\" is not served: a stream that begins in the middle of a text cannot "
          "be "
          "masked; ask for the whole stream");
    }
  }
  return absl::OkStatus();
}

// A request about a response that the provider keeps.
struct Kept {
  absl::string_view method;
  absl::string_view suffix;  // behind the id
  absl::string_view operation;
};
constexpr Kept kKept[] = {{"GET", "", "responses.get"},
                          {"DELETE", "", "responses.delete"},
                          {"POST", "/cancel", "responses.cancel"},
                          {"GET", "/input_items", "responses.input_items"}};

absl::StatusOr<ReadCall> ReadKept(const IncomingRequest& request, const Kept& kept,
                                  absl::string_view segment) {
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = std::string(kept.operation);
  CS_RETURN_IF_ERROR(CheckQuery(request.query, prompt));
  CS_RETURN_IF_ERROR(requests::CheckEmptyBody(request));
  CS_ASSIGN_OR_RETURN(const std::string id,
                      requests::ReadResourceId(segment, "resp_", prompt, call));
  call.method = std::string(kept.method);
  call.upstream_path = absl::StrCat("/responses/", id, kept.suffix);
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return call;
}

}  // namespace

absl::StatusOr<std::optional<ReadCall>> Read(const IncomingRequest& request,
                                             absl::string_view path) {
  if (!absl::ConsumePrefix(&path, kRoot)) return std::nullopt;
  const bool post = request.method == "POST";
  if (post && (path.empty() || path == "/input_tokens" || path == "/compact")) {
    const std::string operation =
        absl::StrCat("responses", path.empty() ? "" : ".", absl::StripPrefix(path, "/"));
    CS_ASSIGN_OR_RETURN(ReadCall call, ReadPrompt(request, operation));
    call.upstream_path = absl::StrCat("/responses", path);
    return call;
  }
  if (!absl::ConsumePrefix(&path, "/")) return std::nullopt;
  const absl::string_view segment = path.substr(0, path.find('/'));
  const absl::string_view suffix = path.substr(segment.size());
  for (const Kept& kept : kKept) {
    if (kept.method != request.method || kept.suffix != suffix) continue;
    CS_ASSIGN_OR_RETURN(ReadCall call, ReadKept(request, kept, segment));
    return call;
  }
  return std::nullopt;
}

bool IsOperation(absl::string_view operation) {
  return operation == "responses" || absl::StartsWith(operation, "responses.");
}

}  // namespace countersign::dialects::openai::responses
