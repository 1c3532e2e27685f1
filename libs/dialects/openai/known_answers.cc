#include "libs/dialects/openai/known_answers.h"

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::dialects::openai {
namespace {

using json::Type;
using json::Value;

bool IsError(const Value& root) {
  const Value error = root["error"];
  return error.is(Type::kObject) || error.is(Type::kString);
}

bool HasChoices(const Value& root) {
  const Value choices = root["choices"];
  if (!choices.is(Type::kArray)) return false;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!choices.at(i).is(Type::kObject)) return false;
  }
  return true;
}

// Some servers omit the object's type, or leave it empty.
bool IsNamed(const Value& root, absl::string_view name) {
  const Value object = root["object"];
  return !object.exists() || (object.is(Type::kString) && object.text().empty()) ||
         object.text() == name;
}

}  // namespace

bool IsKnownChunk(const Value& root) {
  if (!root.is(Type::kObject)) return false;
  if (IsError(root)) return true;
  return HasChoices(root) && !root["type"].exists() &&
         (IsNamed(root, "chat.completion.chunk") || IsNamed(root, "text_completion"));
}

bool IsKnownBody(const Value& root) {
  if (!root.is(Type::kObject)) return false;
  if (IsError(root)) return true;
  if (HasChoices(root)) {
    return IsNamed(root, "chat.completion") || IsNamed(root, "text_completion");
  }
  const absl::string_view object = root["object"].text();
  return object == "model" || (object == "list" && root["data"].is(Type::kArray));
}

bool IsKnownEventName(absl::string_view fields) {
  for (absl::string_view line : absl::StrSplit(fields, '\n')) {
    if (!absl::ConsumePrefix(&line, "event")) continue;
    if (!line.empty() && !absl::ConsumePrefix(&line, ":")) continue;  // another field
    absl::ConsumePrefix(&line, " ");
    if (!line.empty() && line != "message" && line != "error" && line != "chat.completion.chunk") {
      return false;
    }
  }
  return true;
}

}  // namespace countersign::dialects::openai
