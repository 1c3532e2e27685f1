#pragma once

#include <vector>

#include "libs/dialects/answers/grammar.h"

namespace countersign::dialects::openai::simple {

// The structure of embeddings and of moderations. The numbers of a vector, and its base64, are no
// texts; neither are the scores of a moderation.
class DocumentGrammar final : public answers::DocumentGrammar {
 public:
  bool IsKnownDocument(const json::Value& root) const override;
  answers::FoundTexts FindTexts(const json::Value& root, absl::string_view source) const override;
  Usage ReadUsage(const json::Value& root) const override;
  std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                       absl::string_view source) const override;
};

}  // namespace countersign::dialects::openai::simple
