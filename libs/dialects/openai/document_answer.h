#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libs/dialects/answers/document_answer.h"
#include "libs/dialects/answers/grammar.h"

namespace countersign::dialects::openai {

// The structure of a completion, a model, a list of models, or an error.
class CompletionGrammar final : public answers::DocumentGrammar {
 public:
  // True for models to keep in a list of models; null: the answer is not a list of models.
  using ServesModel = std::function<bool(absl::string_view)>;
  explicit CompletionGrammar(ServesModel serves = nullptr) : serves_(std::move(serves)) {}

  bool IsKnownDocument(const json::Value& root) const override;
  answers::FoundTexts FindTexts(const json::Value& root, absl::string_view source) const override;
  Usage ReadUsage(const json::Value& root) const override;
  std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                       absl::string_view source) const override;

 private:
  const ServesModel serves_;
};

// An answer that is one body.
class DocumentAnswer final : public answers::DocumentAnswer {
 public:
  explicit DocumentAnswer(Options options, CompletionGrammar::ServesModel serves = nullptr);
};

}  // namespace countersign::dialects::openai
