#include "libs/dialects/openai/simple/request.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/requests/json_request.h"
#include "libs/dialects/openai/requests/stream_usage.h"
#include "libs/dialects/openai/simple/request_schema.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai::simple {
namespace {

using json::Type;
using json::Value;

constexpr absl::string_view kNumbers[] = {
    "max_tokens",        "n",         "best_of", "temperature", "top_p", "seed", "presence_penalty",
    "frequency_penalty", "dimensions"};

struct Operation {
  absl::string_view name;
  absl::string_view text;  // the member with what the model reads
  const members::Schema& (*schema)();
  bool streams;
  bool has_default_model;
};
constexpr Operation kOperations[] = {{"completions", "prompt", CompletionSchema, true, false},
                                     {"embeddings", "input", EmbeddingSchema, false, false},
                                     {"moderations", "input", ModerationSchema, false, true}};

// A text, or a list of texts or of parts.
absl::Status CheckTexts(absl::string_view name, const Value& texts) {
  if (!texts.exists() || texts.is(Type::kNull) || texts.is(Type::kString)) return absl::OkStatus();
  if (!texts.is(Type::kArray)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be a string or an array"));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Value each = texts.at(i);
    if (each.is(Type::kNumber) || each.is(Type::kArray)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", name, "\" has token ids, which no policy can read: send text instead"));
    }
  }
  return absl::OkStatus();
}

// Which model the upstream chooses is known to it only, so a connection with a list of models wants
// it named.
absl::Status ReadModelOrDefault(const IncomingRequest& request, const Operation& operation,
                                const Value& root, domain::Prompt& prompt) {
  const bool limited = request.connection != nullptr && !request.connection->models.empty();
  if (operation.has_default_model && !limited && !root["model"].exists()) return absl::OkStatus();
  return requests::ReadModel(root, prompt);
}

absl::StatusOr<ReadCall> ReadOperation(const IncomingRequest& request, const Operation& operation) {
  ReadCall call;
  CS_ASSIGN_OR_RETURN(call.body, requests::ReadBody(request));
  CS_ASSIGN_OR_RETURN(const json::Document document, requests::ParseObject(call.body));
  const Value root = document.root();
  domain::Prompt prompt;
  prompt.operation = std::string(operation.name);
  CS_RETURN_IF_ERROR(ReadModelOrDefault(request, operation, root, prompt));
  CS_RETURN_IF_ERROR(CheckTexts(operation.text, root[operation.text]));
  CS_RETURN_IF_ERROR(requests::ReadNumbers(root, kNumbers, prompt));
  if (operation.streams) CS_RETURN_IF_ERROR(requests::ReadStream(root, prompt));
  if (prompt.stream) CS_RETURN_IF_ERROR(requests::RequestUsage(request, root, call));
  requests::Divide(operation.schema(), root, std::move(prompt), call);
  call.upstream_path = absl::StrCat("/", operation.name);
  return call;
}

}  // namespace

absl::StatusOr<std::optional<ReadCall>> Read(const IncomingRequest& request,
                                             absl::string_view path) {
  if (request.method != "POST" || !absl::ConsumePrefix(&path, "/v1/")) return std::nullopt;
  for (const Operation& operation : kOperations) {
    if (path != operation.name) continue;
    CS_ASSIGN_OR_RETURN(ReadCall call, ReadOperation(request, operation));
    return call;
  }
  return std::nullopt;
}

}  // namespace countersign::dialects::openai::simple
