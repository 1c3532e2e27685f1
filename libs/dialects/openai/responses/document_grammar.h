#pragma once

#include <vector>

#include "libs/dialects/answers/grammar.h"

namespace countersign::dialects::openai::responses {

// The structure of a whole response, of a list of items, or of an error.
class DocumentGrammar final : public answers::DocumentGrammar {
 public:
  bool IsKnownDocument(const json::Value& root) const override;
  answers::FoundTexts FindTexts(const json::Value& root, absl::string_view source) const override;
  Usage ReadUsage(const json::Value& root) const override;
  std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                       absl::string_view source) const override;
};

}  // namespace countersign::dialects::openai::responses
