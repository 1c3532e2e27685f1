#pragma once

#include <functional>
#include <vector>

#include "libs/dialects/answers/document_answer.h"
#include "libs/dialects/answers/grammar.h"

namespace countersign::dialects::anthropic {

// The structure of a message, a count of tokens, a model, a batch, a list of these, or an error.
class DocumentGrammar final : public answers::DocumentGrammar {
 public:
  // True for models to keep in a list of models; null: the answer is not a list of models.
  using ServesModel = std::function<bool(absl::string_view)>;
  explicit DocumentGrammar(ServesModel serves = nullptr) : serves_(std::move(serves)) {}

  bool IsKnownDocument(const json::Value& root) const override;
  answers::FoundTexts FindTexts(const json::Value& root, absl::string_view source) const override;
  Usage ReadUsage(const json::Value& root) const override;
  // Removes models that the connection does not serve, and makes the URL of a batch's results one
  // of the gateway: clients would send the caller's credential to another host.
  std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                       absl::string_view source) const override;

 private:
  std::vector<Edit> FilterModels(const json::Value& root, absl::string_view source) const;

  const ServesModel serves_;
};

// An answer that is one body.
class DocumentAnswer final : public answers::DocumentAnswer {
 public:
  explicit DocumentAnswer(Options options, DocumentGrammar::ServesModel serves = nullptr);
};

}  // namespace countersign::dialects::anthropic
