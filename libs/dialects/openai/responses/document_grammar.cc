#include "libs/dialects/openai/responses/document_grammar.h"

#include "libs/dialects/openai/responses/answer_texts.h"
#include "libs/dialects/openai/responses/known_events.h"
#include "libs/dialects/openai/usage.h"

namespace countersign::dialects::openai::responses {

bool DocumentGrammar::IsKnownDocument(const json::Value& root) const { return IsKnownBody(root); }

answers::FoundTexts DocumentGrammar::FindTexts(const json::Value& root,
                                               absl::string_view source) const {
  return FindDocumentTexts(root, source);
}

Usage DocumentGrammar::ReadUsage(const json::Value& root) const {
  Usage usage;
  openai::ReadUsage(root["usage"], usage);
  return usage;
}

std::vector<Edit> DocumentGrammar::EditsBeforeMasking(const json::Value& /*root*/,
                                                      absl::string_view /*source*/) const {
  return {};
}

}  // namespace countersign::dialects::openai::responses
