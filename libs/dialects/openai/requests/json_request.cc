#include "libs/dialects/openai/requests/json_request.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/dialects/byte_order_mark.h"
#include "libs/dialects/members/partition.h"
#include "libs/json/any_json.h"

namespace countersign::dialects::openai::requests {

using json::Type;
using json::Value;

absl::StatusOr<std::string> ReadBody(const IncomingRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, "content-encoding")) continue;
    if (value.empty() || absl::EqualsIgnoreCase(value, "identity")) break;
    return absl::InvalidArgumentError(
        absl::StrCat("content-encoding ", value, " is not supported"));
  }
  return std::string(absl::StripPrefix(request.body, kByteOrderMark));
}

absl::StatusOr<json::Document> ParseObject(absl::string_view body) {
  absl::StatusOr<json::Document> document = json::ParseAnyJson(body, json::BodyLimits(body.size()));
  if (!document.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  if (!document->root().is(Type::kObject)) {
    return absl::InvalidArgumentError("the body must be a JSON object");
  }
  return document;
}

absl::Status ReadModel(const Value& root, domain::Prompt& prompt) {
  const Value model = root["model"];
  if (!model.is(Type::kString) || model.text().empty()) {
    return absl::InvalidArgumentError("\"model\" must be a string that names a model");
  }
  prompt.model = std::string(model.text());
  return absl::OkStatus();
}

absl::Status ReadStream(const Value& root, domain::Prompt& prompt) {
  const Value stream = root["stream"];
  if (stream.exists() && !stream.is(Type::kNull) && !stream.is(Type::kBool)) {
    return absl::InvalidArgumentError("\"stream\" must be true or false");
  }
  prompt.stream = stream.boolean().value_or(false);
  return absl::OkStatus();
}

absl::Status ReadNumbers(const Value& root, absl::Span<const absl::string_view> names,
                         domain::Prompt& prompt) {
  for (std::size_t i = 0; i < root.size(); ++i) {
    const Value value = root.at(i);
    const absl::string_view key = root.key(i);
    if (const auto number = value.number()) {
      prompt.parameters[std::string(key)] = *number;
    } else if (!value.is(Type::kNull) &&
               std::find(names.begin(), names.end(), key) != names.end()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" must be a number"));
    }
  }
  return absl::OkStatus();
}

void Divide(const members::Schema& schema, const Value& root, domain::Prompt prompt,
            ReadCall& call) {
  members::Partition parts = members::Divide(schema, root, call.body);
  prompt.parts = std::move(parts.texts);
  prompt.media = std::move(parts.media);
  prompt.members = std::move(parts.plain);
  call.places = std::move(parts.places);
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = "POST";
}

}  // namespace countersign::dialects::openai::requests
