#include "services/session_recorder/audit/answer_text.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/json/document.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::array<absl::string_view, 9> kTextNames = {
    "content",   "text",         "refusal",  "reasoning", "reasoning_content",
    "arguments", "partial_json", "thinking", "delta"};

bool CarriesText(absl::string_view name) {
  return std::find(kTextNames.begin(), kTextNames.end(), name) != kTextNames.end();
}

// The name of an array's element: its `index` member if it has one, because streams send one
// element at a time; else its place.
std::string ElementName(const json::Value& element, std::size_t place) {
  const auto index = element["index"].integer();
  return absl::StrCat(index ? *index : static_cast<std::int64_t>(place));
}

void Collect(const json::Value& value, absl::string_view name, const std::string& path,
             std::map<std::string, std::string>& texts) {
  switch (value.type()) {
    case json::Type::kString:
      if (CarriesText(name)) absl::StrAppend(&texts[path], value.text());
      break;
    case json::Type::kArray:
      for (std::size_t i = 0; i < value.size(); ++i) {
        Collect(value.at(i), name, absl::StrCat(path, "/", ElementName(value.at(i), i)), texts);
      }
      break;
    case json::Type::kObject:
      for (std::size_t i = 0; i < value.size(); ++i) {
        Collect(value.at(i), value.key(i), absl::StrCat(path, "/", value.key(i)), texts);
      }
      break;
    default: break;
  }
}

bool CollectDocument(absl::string_view bytes, std::map<std::string, std::string>& texts) {
  const auto document = json::Document::Parse(bytes);
  if (!document.ok() || !document->root().is(json::Type::kObject)) return false;
  Collect(document->root(), "", "", texts);
  return true;
}

}  // namespace

void AnswerText::Add(absl::string_view delivered) {
  if (CollectDocument(delivered, texts_)) return;
  bool found = false;
  for (absl::string_view line : absl::StrSplit(delivered, '\n')) {
    if (absl::ConsumePrefix(&line, "data:")) found = CollectDocument(line, texts_) || found;
  }
  if (!found) absl::StrAppend(&raw_, delivered);
}

void AnswerText::ForEach(const std::function<bool(absl::string_view)>& use) const {
  // A plain body may be recorded in several pieces.
  std::map<std::string, std::string> body;
  if (!raw_.empty() && CollectDocument(raw_, body)) {
    for (const auto& [path, text] : body) {
      if (!use(text)) return;
    }
  } else if (!raw_.empty() && !use(raw_)) {
    return;
  }
  for (const auto& [path, text] : texts_) {
    if (!use(text)) return;
  }
}

bool ContainsCaseless(absl::string_view text, absl::string_view needle) {
  const auto same = [](char a, char b) {
    return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
           absl::ascii_tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), needle.begin(), needle.end(), same) != text.end();
}

}  // namespace countersign::session_recorder::audit
