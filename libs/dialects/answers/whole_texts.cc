#include "libs/dialects/answers/whole_texts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/media_values.h"
#include "libs/json/numbers.h"

namespace countersign::dialects::answers {

using json::Type;
using json::Value;

bool LooksLikeIdentifier(absl::string_view text) {
  return text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.' || c == ':' || c == '/' || c == '+';
         });
}

void WholeTextFinder::AddName(absl::string_view name) {
  if (!names_.documented.contains(name)) found_.unknown_names.push_back(name);
}

bool WholeTextFinder::IsMedia(absl::string_view parent, absl::string_view key,
                              const Value& value) const {
  constexpr std::size_t kShortest = 16;
  if (value.text().size() < kShortest) return false;
  const std::string with_parent = absl::StrCat(parent, "/", key);
  const auto is_at = [&](const MemberNames::Set& places) {
    return places.contains(key) || places.contains(with_parent);
  };
  return (is_at(names_.media) && IsMediaValue(value.text())) ||
         (is_at(names_.sealed) && IsSealedValue(value.text()));
}

void WholeTextFinder::Add(absl::string_view key, const Value& value, bool counts,
                          absl::string_view parent) {
  if (value.is(Type::kString)) {
    if (value.text().empty() || IsMedia(parent, key, value)) return;
    FoundText& text = found_.texts.emplace_back();
    text.value = value;
    text.field = std::string(key);
  } else if (value.is(Type::kNumber)) {
    const absl::string_view literal = Literal(value);
    if ((counts || names_.protocol_numbers.contains(key)) && json::IsShortNumber(literal)) return;
    FoundText& text = found_.texts.emplace_back();
    text.value = value;
    text.field = std::string(key);
    text.number = json::NumberText(literal);
  } else if (value.is(Type::kArray)) {
    for (std::size_t i = 0; i < value.size(); ++i) Add(key, value.at(i), counts, parent);
  } else if (value.is(Type::kObject)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      AddName(value.key(i));
      Add(value.key(i), value.at(i), counts, key);
    }
  }
}

}  // namespace countersign::dialects::answers
