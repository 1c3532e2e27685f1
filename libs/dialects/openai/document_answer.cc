#include "libs/dialects/openai/document_answer.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/dialects/openai/answer_texts.h"
#include "libs/dialects/openai/known_answers.h"
#include "libs/dialects/openai/usage.h"

namespace countersign::dialects::openai {

bool CompletionGrammar::IsKnownDocument(const json::Value& root) const { return IsKnownBody(root); }

answers::FoundTexts CompletionGrammar::FindTexts(const json::Value& root,
                                                 absl::string_view source) const {
  return FindDocumentTexts(root, source);
}

Usage CompletionGrammar::ReadUsage(const json::Value& root) const {
  Usage usage;
  openai::ReadUsage(root["usage"], usage);
  return usage;
}

// Removes models that the connection does not serve from a list of models.
std::vector<Edit> CompletionGrammar::EditsBeforeMasking(const json::Value& root,
                                                        absl::string_view source) const {
  const json::Value models = root["data"];
  if (!serves_ || !models.is(json::Type::kArray)) return {};
  std::vector<absl::string_view> kept;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const json::Value model = models.at(i);
    if (!serves_(model["id"].text())) continue;
    kept.push_back(source.substr(model.begin(), model.end() - model.begin()));
  }
  if (kept.size() == models.size()) return {};
  return {Edit{models.begin(), models.end(), absl::StrCat("[", absl::StrJoin(kept, ","), "]")}};
}

DocumentAnswer::DocumentAnswer(Options options, CompletionGrammar::ServesModel serves)
    : answers::DocumentAnswer(std::make_unique<CompletionGrammar>(std::move(serves)), options) {}

}  // namespace countersign::dialects::openai
