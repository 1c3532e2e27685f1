#include "libs/dialects/openai/simple/document_grammar.h"

#include <algorithm>
#include <cmath>

#include "libs/dialects/answers/media_values.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/members/media.h"
#include "libs/dialects/openai/usage.h"

namespace countersign::dialects::openai::simple {
namespace {

using json::Type;
using json::Value;
using Set = answers::MemberNames::Set;

// Components of a vector are small: a larger number may be somebody's.
constexpr double kLargestComponent = 1e6;

const answers::MemberNames& Names() {
  static const auto& documented = *new Set{"object",
                                           "data",
                                           "model",
                                           "usage",
                                           "prompt_tokens",
                                           "total_tokens",
                                           "index",
                                           "id",
                                           "embedding",
                                           "results",
                                           "flagged",
                                           "categories",
                                           "error",
                                           "code",
                                           "category_scores",
                                           "message",
                                           "param",
                                           "type",
                                           "category_applied_input_types"};
  static const auto& numbers = *new Set{"index", "code", "param", "id"};
  static const auto& none = *new Set;
  static const answers::MemberNames names{documented, numbers, none, none};
  return names;
}

// A vector: numbers, or base64 of their bytes, which read as no text.
bool IsVector(const Value& value) {
  if (value.is(Type::kString)) {
    return members::ReadMedia(value.text()) && !members::ReadBase64Text(value.text());
  }
  if (!value.is(Type::kArray)) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto number = value.at(i).number();
    if (!number || std::abs(*number) > kLargestComponent) return false;
  }
  return true;
}

class Walker {
 public:
  Walker(absl::string_view source, answers::FoundTexts& found) : whole_(Names(), source, found) {}

  void Walk(absl::string_view key, const Value& value, absl::string_view parent) {
    if (key == "embedding" && IsVector(value)) return;
    if (value.is(Type::kArray)) {
      for (std::size_t i = 0; i < value.size(); ++i) Walk(key, value.at(i), parent);
    } else if (value.is(Type::kObject)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        whole_.AddName(value.key(i));
        Walk(value.key(i), value.at(i), key);
      }
    } else if (parent == "category_scores" && value.number().value_or(2) <= 1) {
      return;
    } else {
      whole_.Add(key, value, parent == "usage", parent);
    }
  }

 private:
  answers::WholeTextFinder whole_;
};

}  // namespace

bool DocumentGrammar::IsKnownDocument(const Value& root) const {
  return root["error"].is(Type::kObject) || root["error"].is(Type::kString) ||
         (root["object"].text() == "list" && root["data"].is(Type::kArray)) ||
         root["results"].is(Type::kArray);
}

answers::FoundTexts DocumentGrammar::FindTexts(const Value& root, absl::string_view source) const {
  answers::FoundTexts found;
  Walker(source, found).Walk("", root, "");
  return found;
}

Usage DocumentGrammar::ReadUsage(const Value& root) const {
  Usage usage;
  openai::ReadUsage(root["usage"], usage);
  return usage;
}

std::vector<Edit> DocumentGrammar::EditsBeforeMasking(const Value& /*root*/,
                                                      absl::string_view /*source*/) const {
  return {};
}

}  // namespace countersign::dialects::openai::simple
