#include "libs/dialects/openai/responses/answer_texts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/logprobs.h"
#include "libs/dialects/openai/responses/known_events.h"

namespace countersign::dialects::openai::responses {
namespace {

using answers::FoundText;
using json::Type;
using json::Value;

// Longer strings of known members are no pieces of an identifier that callers join.
constexpr std::size_t kLongestIdentifier = 128;

// Members of an item, or of a part, with what the model generated.
bool IsModelText(absl::string_view key, absl::string_view field) {
  constexpr absl::string_view kMembers[] = {"text", "refusal",    "arguments", "input",
                                            "code", "transcript", "diff",      "commands"};
  return absl::StartsWith(field, "output/") &&
         std::find(std::begin(kMembers), std::end(kMembers), key) != std::end(kMembers);
}

bool IsPartText(absl::string_view key) { return key == "text" || key == "refusal"; }

}  // namespace

ItemWalker::ItemWalker(absl::string_view source, absl::string_view place, Fields* sent,
                       answers::FoundTexts& found)
    : place_(place), sent_(sent), found_(found), whole_(AnswerMemberNames(), source, found) {}

void ItemWalker::Walk(absl::string_view key, const Value& value, absl::string_view parent,
                      const std::string& field) {
  if (value.is(Type::kObject)) {
    WalkObject(key, value, field);
  } else if (value.is(Type::kArray)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Walk(key, value.at(i), parent, absl::StrCat(field, "/", i));
    }
  } else if (value.is(Type::kString) && IsModelText(key, field)) {
    AddModelText(value, field, "");
  } else {
    AddOther(key, value, parent);
  }
}

void ItemWalker::WalkObject(absl::string_view key, const Value& object, const std::string& field) {
  const bool counted = std::exchange(counts_, counts_ || key == "usage");
  const absl::string_view type = object["type"].text();
  std::string text;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const absl::string_view name = object.key(i);
    const Value value = object.at(i);
    AddName(name);
    const std::string below = field.empty() ? std::string(name) : absl::StrCat(field, "/", name);
    if (name == "logprobs" && value.is(Type::kArray)) continue;
    if (value.is(Type::kString) && IsPartText(name) && IsModelText(name, below)) {
      text = AddModelText(value, below, absl::StrCat(place_, "/", type));
    } else {
      Walk(name, value, key, below);
    }
  }
  const Value logprobs = object["logprobs"];
  if (logprobs.is(Type::kArray) && logprobs.size() > 0) {
    found_.copies.push_back(ReadTokens(logprobs, std::move(text)));
  }
  counts_ = counted;
}

std::string ItemWalker::AddModelText(const Value& value, const std::string& field,
                                     std::string parts) {
  const bool copy = sent_ != nullptr && !value.text().empty() && !sent_->insert(field).second;
  const std::string name = copy ? answers::CopyField(field) : field;
  if (value.text().empty()) return name;
  FoundText& text = found_.texts.emplace_back();
  text.value = value;
  text.field = name;
  text.is_output = !copy;
  text.parts = std::move(parts);
  return name;
}

void ItemWalker::AddOther(absl::string_view key, const Value& value, absl::string_view parent) {
  const std::size_t before = found_.texts.size();
  whole_.Add(key, value, counts_, parent);
  if (sent_ == nullptr || found_.texts.size() == before) return;
  FoundText& text = found_.texts.back();
  const bool known = AnswerMemberNames().documented.contains(key);
  if (known && text.text().size() > kLongestIdentifier) return;
  text.place = absl::StrCat(parent, "/", key);
  text.may_count = value.is(Type::kNumber);
}

answers::FoundTexts FindDocumentTexts(const Value& root, absl::string_view source) {
  answers::FoundTexts found;
  ItemWalker(source, "body", nullptr, found).Walk("", root, "", "");
  return found;
}

}  // namespace countersign::dialects::openai::responses
